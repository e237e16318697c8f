import { expect, it } from 'vitest';
import { TextClassifier } from '../../src/tasks/textClassifier.ts';
import { toyReviews } from '../examples/runExample.ts';

// Scores are calibrated on rows that are held out. A further training that holds none out knows nothing
// better, and keeps what there is: read here from the config.json that is saved.
it.each(['ngrams', 'transformer'] as const)(
  'keeps the calibration of %s where it measures nothing',
  async (encoder) => {
    const classifier = await TextClassifier.create({
      encoder,
      ...(encoder === 'transformer' && { maxLength: 16 }),
    });
    const mixture = async () => {
      const files = new Map<string, Uint8Array>();
      await classifier.save(files);
      return JSON.parse(new TextDecoder().decode(files.get('config.json'))).anyformer.classifier
        .mixture;
    };
    await classifier.train(toyReviews(240));
    const before = await mixture();
    await classifier.train(
      [
        { text: 'an unheard of film', label: 'bad' },
        { text: 'a fine film', label: 'good' },
      ],
      { validationSplit: 0 },
    );
    expect(await mixture()).toEqual(before);
    expect(Object.values(before)[0]).not.toBe(1);
    classifier.dispose();
  },
);
