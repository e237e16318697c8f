import type { TextClassifier } from '../../../src/tasks/textClassifier.ts';
import { equal } from './assertions.ts';
import type { Place } from './checks.ts';

/** The class to try: the sources' own, or the package's. */
export type Classifiers = Pick<typeof TextClassifier, 'create' | 'load'>;

const texts = ['snow and ice', 'sun and sand', 'a beach in summer', 'frost at night'];
const examples = Array.from({ length: 16 }, (_, n) => ({
  text: `${texts[n % 4]} ${n}`,
  label: n % 4 === 1 || n % 4 === 2 ? 'warm' : 'cold',
}));
const OPTIONS = {
  maxLength: 8,
  tokenizer: { type: 'wordpiece', vocabSize: 60 },
  encoder: { hiddenSize: 8, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 16 },
  seed: 7,
} as const;
const TRAINING = { batchSize: 4, epochs: 1, learningRate: 1e-2, seed: 3 };

/**
 * A training that stops after two of its four steps, is resumed from its checkpoint, saved and
 * loaded, all through one place, predicts what one without a stop does, bit for bit.
 */
export async function keepsAClassifier(place: Place, { create, load }: Classifiers): Promise<void> {
  const target = place.target ?? place.open;
  /** Where a medium is read only: what `fill` then puts there. */
  const files = new Map<string, Uint8Array>();
  const output = () => (place.fill ? files : target());

  const whole = await create(OPTIONS);
  await whole.train(examples, TRAINING);
  const wanted = await whole.predict(texts);
  whole.dispose();

  const stopped = await create(OPTIONS);
  const stop = new AbortController();
  const onProgress = ({ step }: { step: number }) => {
    if (step === 2) stop.abort();
  };
  const { signal } = stop;
  const stopping = { ...TRAINING, outputDir: output(), signal, onProgress };
  const code = await stopped.train(examples, stopping).then(
    () => 'it went on',
    ({ code }) => code,
  );
  equal(code, 'ABORTED', 'the stopped training');
  stopped.dispose();
  await place.fill?.(files);

  const resumed = await create(OPTIONS);
  const steps: number[] = [];
  await resumed.train(examples, {
    ...TRAINING,
    resumeFromCheckpoint: target(),
    onProgress: ({ phase, step }) => void (phase === 'train' && steps.push(step)),
  });
  equal(steps, [3, 4], 'the steps of the resumed training');
  equal(await resumed.predict(texts), wanted, 'what the resumed one predicts');
  await resumed.save(output());
  resumed.dispose();
  await place.fill?.(files);

  const loaded = await load(target());
  equal(await loaded.predict(texts), wanted, 'what the loaded one predicts');
  loaded.dispose();
}
