import { expect, it } from 'vitest';
import { TextClassifier } from '../../src/tasks/textClassifier.ts';
import { toyReviews } from '../examples/runExample.ts';
import { orderTexts } from './orderTexts.ts';

async function mixtureOf(classifier: TextClassifier): Promise<{ ngrams: number; encoder: number }> {
  const files = new Map<string, Uint8Array>();
  await classifier.save(files);
  return JSON.parse(new TextDecoder().decode(files.get('config.json'))).anyformer.classifier
    .mixture;
}

// Scores are calibrated on rows that are held out. A further training that holds none out knows nothing
// better, and keeps what there is: read here from the config.json that is saved.
it.each(['ngrams', 'transformer'] as const)(
  'keeps the calibration of %s where it measures nothing',
  async (encoder) => {
    const classifier = await TextClassifier.create({
      encoder,
      ...(encoder === 'transformer' && { maxLength: 16 }),
    });
    await classifier.train(toyReviews(240));
    const before = await mixtureOf(classifier);
    await classifier.train(
      [
        { text: 'an unheard of film', label: 'bad' },
        { text: 'a fine film', label: 'good' },
      ],
      { validationSplit: 0 },
    );
    expect(await mixtureOf(classifier)).toEqual(before);
    expect(Object.values(before)[0]).not.toBe(1);
    classifier.dispose();
  },
);

it('calibrates both models together where a further training measures them', async () => {
  using classifier = await TextClassifier.create({ maxLength: 16, seed: 1 });
  const options = { learningRate: 3e-3, maxSteps: 120, batchSize: 32 };
  const { choice } = await classifier.train(orderTexts(200), options);
  expect(choice.encoder).toBe('ngrams and transformer');
  const before = await mixtureOf(classifier);
  // Labels that are wrong in a third of the rows: scores have to come down.
  const noisy = orderTexts(200, 9).map(({ text, label }, n, all) => ({
    text: `${text} moon`,
    label: n % 3 ? label : all[(n * 7) % 200]!.label,
  }));
  const { heldOut } = await classifier.train(noisy, { ...options, maxSteps: 10 });
  const after = await mixtureOf(classifier);
  expect(after.encoder).toBeLessThan(before.encoder);
  expect(after.ngrams / after.encoder).toBeCloseTo(before.ngrams / before.encoder, 5);
  expect(heldOut!.calibrationError).toBeLessThan(0.15);
});
