import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Progress } from '../../src/core/progress.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { TextClassifier } from '../../src/tasks/textClassifier.ts';
import { mixedTexts, orderTexts } from './orderTexts.ts';
import { aliveNow, expectRefusal, refusalOf, textsOf } from './toyTexts.ts';

const AUTO = { maxLength: 16, seed: 1 } as const;
const SHORT = { learningRate: 3e-3, maxSteps: 60, batchSize: 32 } as const;
const TEXTS = ['', 'x y sun x ice', ...textsOf(mixedTexts(20, 7))];

let before: { tensors: number; bytes: number };
beforeAll(async () => void (await createEngine()));
beforeEach(async () => {
  before = await aliveNow();
});
afterEach(async () => expect(await aliveNow()).toEqual(before));

async function filesOf(classifier: TextClassifier): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  await classifier.save(files);
  return files;
}

/** Calls back once, at a step of the given phase as it comes for the `time`th time. */
function at(phase: string, step: number, time: number, act: () => void) {
  let times = 0;
  return (progress: Progress) => {
    if (progress.phase === phase && progress.step === step && ++times === time) act();
  };
}

function abortAt(phase: string, step: number, time = 1) {
  const controller = new AbortController();
  const onProgress = at(phase, step, time, () => controller.abort('enough'));
  return { signal: controller.signal, onProgress };
}

/** Before the encoder has made a step, there is nothing to keep. */
const BEFORE_STEPS = [
  ['read', 80, 1],
  ['compare', 1, 1],
] as const;

describe('an abort in auto', () => {
  it.each(BEFORE_STEPS)('in the phase %s at step %i leaves nothing', async (phase, step, time) => {
    using classifier = await TextClassifier.create(AUTO);
    const options = { ...SHORT, maxSteps: 20, ...abortAt(phase, step, time) };
    const error = await refusalOf(() => classifier.train(orderTexts(80), options));
    expect(error).toMatchObject({ code: 'ABORTED', cause: 'enough' });
    expect(classifier.labels).toBeUndefined();
    expect(await aliveNow()).toEqual(before);
    await expectRefusal(() => classifier.predict('sun'), 'INVALID_ARGUMENT', /call train first/);
  });

  it('is followed by a training anew, to the same bits', async () => {
    using classifier = await TextClassifier.create(AUTO);
    const examples = orderTexts(200);
    const options = { ...SHORT, maxSteps: 20 };
    for (const phase of ['compare', 'train']) {
      const train = () => classifier.train(examples, { ...options, ...abortAt(phase, 2) });
      expect((await refusalOf(train)).code).toBe('ABORTED');
    }
    await classifier.train(examples, options);
    using whole = await TextClassifier.create(AUTO);
    await whole.train(examples, options);
    expect(await filesOf(classifier)).toEqual(await filesOf(whole));
  });

  it.each([
    [200, 1],
    [1000, 1],
  ])('of %i rows while the encoder trains leaves what there is', async (count, time) => {
    using classifier = await TextClassifier.create(AUTO);
    const train = () =>
      classifier.train(orderTexts(count), { ...SHORT, ...abortAt('train', 31, time) });
    const error = await refusalOf(train);
    expect(error.code).toBe('ABORTED');
    expect(error.message).toMatch(/after step 31 of 60; the model has the weights of that step/);
    for (const scores of await classifier.predict(TEXTS)) {
      expect(scores.filter(({ score }) => !(score >= 0 && score <= 1))).toEqual([]);
    }
    using again = await TextClassifier.load(await filesOf(classifier));
    expect(await again.predict(TEXTS)).toEqual(await classifier.predict(TEXTS));
  });
});

describe('a training in auto that was aborted and resumed', () => {
  it.each([
    ['few rows', orderTexts(200), 1, [1], /transformer$/],
    ['few rows of both kinds', mixedTexts(200), 1, [31], /^ngrams/],
    ['1,000 rows', orderTexts(1000), 1, [1, 31], /transformer$/],
  ])('ends with the same bits as one in one go: %s', async (_, examples, time, stops, kept) => {
    using whole = await TextClassifier.create(AUTO);
    const { peakHeapBytes: _peak, ...result } = await whole.train(examples, SHORT);
    expect(result.choice.encoder).toMatch(kept);
    for (const stop of stops) {
      const outputDir = new Map<string, Uint8Array>();
      using first = await TextClassifier.create(AUTO);
      const train = () =>
        first.train(examples, { ...SHORT, outputDir, ...abortAt('train', stop, time) });
      await expectRefusal(
        train,
        'ABORTED',
        new RegExp(`after step ${stop} of 60; the checkpoint in .* goes on from there`),
      );
      // The checkpoint is a model folder, too, with whatever it has learned.
      using loaded = await TextClassifier.load(outputDir);
      expect(await loaded.predict(TEXTS)).toEqual(await first.predict(TEXTS));
      // A new process would hold a new classifier, made in the same way.
      using second = await TextClassifier.create(AUTO);
      const resume = { ...SHORT, outputDir, resumeFromCheckpoint: true };
      const { peakHeapBytes: _other, ...resumed } = await second.train(examples, resume);
      expect(resumed).toEqual(result);
      expect(await filesOf(second)).toEqual(await filesOf(whole));
    }
  });
});

describe('dispose in the middle of auto', () => {
  it.each([
    ...BEFORE_STEPS.map(([phase, step, time]) => [80, phase, step, time] as const),
    [200, 'train', 1, 1],
    [200, 'train', 20, 1],
    [1000, 'train', 1, 1],
    [1000, 'train', 20, 1],
  ] as const)(
    'of %i rows, in the phase %s at step %i, the %ith time',
    async (count, phase, step, time) => {
      const classifier = await TextClassifier.create(AUTO);
      const onProgress = at(phase, step, time, () => classifier.dispose());
      const train = () => classifier.train(orderTexts(count), { ...SHORT, onProgress });
      expect((await refusalOf(train)).code).toBe('DISPOSED');
      expect(await aliveNow()).toEqual(before);
    },
  );
});
