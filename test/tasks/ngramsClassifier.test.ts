import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Progress } from '../../src/core/progress.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { ZipStorage } from '../../src/storage/zipStorage.ts';
import type { ClassifierTrainingOptions } from '../../src/tasks/classifierOptions.ts';
import { TextClassifier } from '../../src/tasks/textClassifier.ts';
import {
  aliveNow,
  expectRefusal,
  refusalOf,
  textsOf,
  toyMultiLabelTexts,
  toyTexts,
} from './toyTexts.ts';

const NGRAMS = { encoder: 'ngrams', seed: 1 } as const;
const THREE = ['cold', 'warm', 'wet'];
const fresh = toyTexts(90, THREE, 2);
const ODD = ['', ' ', 'sun', 'lorem ipsum dolor', '😀', '雪が降る', ...textsOf(fresh)];

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

/** Every number of a result, with where it stands, NaN among them. */
function numbersIn(value: unknown, path = ''): [string, number][] {
  if (typeof value === 'number') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => numbersIn(inner, `${path}.${key}`));
}

function expectFinite(result: object): void {
  const numbers = numbersIn(result);
  expect(numbers.length).toBeGreaterThan(5);
  expect(numbers.filter(([, x]) => !Number.isFinite(x))).toEqual([]);
}

describe('an n-gram model learns', () => {
  it.each([
    [20, 0.5],
    [60, 0.8],
    [300, 0.97],
  ])('%i rows of three labels', async (count, accuracy) => {
    using classifier = await TextClassifier.create(NGRAMS);
    const result = await classifier.train(toyTexts(count, THREE));
    expect(classifier.labels).toEqual(THREE);
    const report = await classifier.evaluate(fresh);
    expect(report.accuracy).toBeGreaterThanOrEqual(accuracy);
    expect(result.heldOut).toMatchObject({
      method: 'cross-validation',
      folds: 10,
      examples: count,
    });
    // What it says of itself holds on texts nobody has seen.
    const [low, high] = result.heldOut!.accuracyInterval;
    expect(low).toBeLessThanOrEqual(result.heldOut!.accuracy);
    expect(high).toBeGreaterThanOrEqual(result.heldOut!.accuracy);
    expect(Math.abs(report.accuracy - result.heldOut!.accuracy)).toBeLessThan(0.2);
    expect(result.choice).toEqual({ encoder: 'ngrams', reason: 'as asked' });
    expect(result.used).toMatchObject({ wordNgrams: [1, 3], characterNgrams: [2, 5] });
    expect(result.heldOut!.ngrams).toEqual({ accuracy: result.heldOut!.accuracy });
    expectFinite(result);
    expect((await aliveNow()).tensors).toBe(before.tensors);
  });

  it('several labels at once, or none', async () => {
    using classifier = await TextClassifier.create({ ...NGRAMS, multiLabel: true });
    const result = await classifier.train(toyMultiLabelTexts(240));
    expectFinite(result);
    const report = await classifier.evaluate(toyMultiLabelTexts(80, 2));
    expect(report.f1).toBeGreaterThan(0.95);
    const scores = new Map(
      (await classifier.predict('snow and rain in the town')).map(({ label, score }) => [
        label,
        score,
      ]),
    );
    expect(scores.get('cold')).toBeGreaterThan(0.5);
    expect(scores.get('wet')).toBeGreaterThan(0.5);
    expect(scores.get('warm')).toBeLessThan(0.5);
    using again = await TextClassifier.load(await filesOf(classifier));
    expect(await again.predict(ODD)).toEqual(await classifier.predict(ODD));
  });

  it('two rows, and says that they are few', async () => {
    using classifier = await TextClassifier.create(NGRAMS);
    const result = await classifier.train([
      { text: 'snow', label: 'cold' },
      { text: 'sun', label: 'warm' },
    ]);
    expect(result.heldOut).toBeUndefined();
    expect(result.warnings.map(({ code }) => code)).toContain('FEW_EXAMPLES');
    const [cold] = await classifier.predict('much snow', { topK: 1 });
    const [warm] = await classifier.predict('the sun', { topK: 1 });
    expect([cold!.label, warm!.label]).toEqual(['cold', 'warm']);
    expectFinite(result);
  });

  it('nothing from one label, which it refuses', async () => {
    using classifier = await TextClassifier.create(NGRAMS);
    const train = () => classifier.train(toyTexts(20, ['cold']));
    await expectRefusal(
      train,
      'INVALID_DATA',
      /only the label 'cold'; a classifier needs at least/,
    );
  });

  it('with a warning of texts under different labels', async () => {
    using classifier = await TextClassifier.create(NGRAMS);
    const examples = [...toyTexts(40), { text: 'Snow  today', label: 'cold' }];
    const { warnings } = await classifier.train([
      ...examples,
      { text: 'snow today', label: 'warm' },
    ]);
    expect(warnings).toMatchObject([
      {
        code: 'CONFLICTING_LABELS',
        message: expect.stringContaining("'Snow today' under 'cold' and 'warm'"),
      },
    ]);
  });

  it('that a label counts more with classWeight', async () => {
    const noisy = toyTexts(80).map((row, n) => (n % 5 ? row : { ...row, label: 'warm' }));
    const shareOfCold = async (classWeight?: Record<string, number>) => {
      using classifier = await TextClassifier.create(NGRAMS);
      await classifier.train(noisy, { ...(classWeight && { classWeight }), validationSplit: 0 });
      const answers = await classifier.predict(textsOf(fresh), { topK: 1 });
      return answers.filter(([best]) => best!.label === 'cold').length / answers.length;
    };
    const plain = await shareOfCold();
    expect(await shareOfCold({ cold: 30 })).toBeGreaterThan(plain);
    expect(await shareOfCold({ warm: 30 })).toBeLessThan(plain);
    expect(await shareOfCold({ cold: 1, warm: 1 })).toBe(plain);
    using classifier = await TextClassifier.create(NGRAMS);
    const train = () => classifier.train(noisy, { classWeight: { hot: 2 } });
    await expectRefusal(train, 'INVALID_ARGUMENT', /'hot', which is neither a label/);
  });
});

describe('what is measured', () => {
  it.each<[string, ClassifierTrainingOptions, object | undefined]>([
    [
      'rows held out',
      { validationSplit: 0.2 },
      { method: 'split', examples: 20, folds: undefined },
    ],
    ['validationData', { validationData: fresh }, { method: 'validationData', examples: 90 }],
    ['nothing', { validationSplit: 0 }, undefined],
  ])('%s', async (_, options, expected) => {
    using classifier = await TextClassifier.create(NGRAMS);
    const result = await classifier.train(toyTexts(100, THREE), options);
    if (expected) expect(result.heldOut).toMatchObject(expected);
    else expect(result.heldOut).toBeUndefined();
    expectFinite(result);
    if (!('validationData' in options)) return;
    // The numbers are those that evaluate gives on the same rows.
    expect(result.heldOut!.report).toEqual(
      (({ warnings: _, ...report }) => report)(await classifier.evaluate(fresh)),
    );
  });

  it('a share that is held out is not learned from', async () => {
    using half = await TextClassifier.create(NGRAMS);
    await half.train(toyTexts(100), { validationSplit: 0.5 });
    using all = await TextClassifier.create(NGRAMS);
    await all.train(toyTexts(100), { validationSplit: 0 });
    expect((await filesOf(half)).get('model.safetensors')).not.toEqual(
      (await filesOf(all)).get('model.safetensors'),
    );
  });
});

describe('an n-gram model saved and loaded', () => {
  it('gives the same bits and the same bytes, from a Map and from a zip', async () => {
    using classifier = await TextClassifier.create(NGRAMS);
    const result = await classifier.train(toyTexts(120, THREE));
    const files = await filesOf(classifier);
    expect([...files.keys()].sort()).toEqual([
      'anyformer.safetensors',
      'config.json',
      'model.safetensors',
    ]);
    const zip = new ZipStorage();
    await classifier.save(zip);
    const expected = await classifier.predict(ODD, { minScore: 0.5 });
    for (const source of [files, await zip.blob()]) {
      using again = await TextClassifier.load(source);
      expect(again.labels).toEqual(THREE);
      expect(await again.predict(ODD, { minScore: 0.5 })).toEqual(expected);
      expect(await filesOf(again)).toEqual(files);
    }
    // The same data and seed: the same bytes.
    using second = await TextClassifier.create(NGRAMS);
    expect(await second.train(toyTexts(120, THREE))).toEqual(result);
    expect(await filesOf(second)).toEqual(files);
  });

  it('answers in a worker as it does here', { timeout: 120_000 }, async () => {
    const work = async (worker: boolean) => {
      using classifier = await TextClassifier.create({ ...NGRAMS, worker });
      const result = await classifier.train(toyTexts(80, THREE));
      return { result, scores: await classifier.predict(ODD), files: await filesOf(classifier) };
    };
    expect(await work(true)).toEqual(await work(false));
  });

  it('is trained further: keeps its features, learns new words, forgets little', async () => {
    using first = await TextClassifier.create(NGRAMS);
    const { used } = await first.train(toyTexts(120));
    using classifier = await TextClassifier.load(await filesOf(first));
    const [unknown] = await classifier.predict('blizzard', { topK: 1, minScore: 0.01 });
    expect(unknown).toMatchObject({ label: 'unknown', note: 'unfamiliar' });
    const more = Array.from({ length: 12 }, (_, n) => [
      { text: `blizzard number ${n}`, label: 'cold' },
      { text: `scorching number ${n}`, label: 'warm' },
    ]).flat();
    const result = await classifier.train(more);
    expect(result.used.features).toBeGreaterThan(used.features as number);
    const [known] = await classifier.predict('blizzard', { topK: 1, minScore: 0.01 });
    expect(known).toMatchObject({ label: 'cold' });
    expect(known!.note).toBeUndefined();
    expect((await classifier.evaluate(toyTexts(60, undefined, 5))).accuracy).toBeGreaterThan(0.9);
    using again = await TextClassifier.load(await filesOf(classifier));
    expect(await again.predict(ODD)).toEqual(await classifier.predict(ODD));
  });
});

describe('an abort of a training of n-grams', () => {
  const abortAt = (phase: string, step: number) => {
    const controller = new AbortController();
    const onProgress = (progress: Progress) => {
      if (progress.phase === phase && progress.step >= step) controller.abort('enough');
    };
    return { signal: controller.signal, onProgress };
  };

  it.each([
    ['read', 1],
    ['compare', 1],
    ['compare', 9],
  ])('in the phase %s after step %i leaves all as it was', async (phase, step) => {
    const examples = toyTexts(300);
    using classifier = await TextClassifier.create(NGRAMS);
    const train = () => classifier.train(examples, abortAt(phase, step));
    expect(await refusalOf(train)).toMatchObject({ code: 'ABORTED', cause: 'enough' });
    expect(classifier.labels).toBeUndefined();
    await expectRefusal(() => classifier.predict('sun'), 'INVALID_ARGUMENT', /call train first/);
    expect(await aliveNow()).toEqual(before);
    const result = await classifier.train(examples);
    using whole = await TextClassifier.create(NGRAMS);
    expect(await whole.train(examples)).toEqual(result);
    // One that is trained already answers as before.
    const scores = await classifier.predict(ODD);
    expect((await refusalOf(train)).code).toBe('ABORTED');
    expect(await classifier.predict(ODD)).toEqual(scores);
    expect(await filesOf(classifier)).toEqual(await filesOf(whole));
  });

  it('by dispose ends it, too', async () => {
    const classifier = await TextClassifier.create(NGRAMS);
    const onProgress = ({ phase }: Progress) => {
      if (phase === 'compare') classifier.dispose();
    };
    const error = await refusalOf(() => classifier.train(toyTexts(60), { onProgress }));
    expect(error.code).toBe('DISPOSED');
  });
});

describe('an n-gram model refuses', () => {
  it.each<[string, ClassifierTrainingOptions]>([
    ['epochs', { epochs: 2 }],
    ['maxSteps', { maxSteps: 10 }],
    ['batchSize', { batchSize: 8 }],
    ['learningRate', { learningRate: 0.1 }],
    ['weightDecay', { weightDecay: 0 }],
    ['earlyStoppingPatience', { earlyStoppingPatience: 1 }],
    ['shuffle', { shuffle: false }],
    ['resumeFromCheckpoint', { resumeFromCheckpoint: new Map() }],
  ])('the option %s by its name', async (name, options) => {
    using classifier = await TextClassifier.create(NGRAMS);
    const train = () => classifier.train(toyTexts(20), options);
    await expectRefusal(train, 'INVALID_ARGUMENT', new RegExp(`train: (.*leave )?${name} .*out`));
  });

  it.each([
    [{ encoder: 'ngram' }, /received 'ngram'\. Did you mean 'ngrams'\?/],
    [{ encoder: 'transfomer' }, /Did you mean 'transformer'\?/],
    [{ encoder: { type: 'nGrams' } }, /Did you mean 'ngrams'\?/],
    [{ encoder: { type: 'ngrams', wordNgram: [1, 2] } }, /did you mean 'wordNgrams'\?/],
    [
      { encoder: { type: 'ngrams', wordNgrams: [2, 1] } },
      /encoder: wordNgrams must be two lengths/,
    ],
    [{ encoder: { type: 'ngrams', wordNgrams: [0, 0], characterNgrams: [0, 0] } }, /no features/],
    [{ encoder: { type: 'ngrams', C: 0 } }, /encoder: C must be a finite number above 0/],
    [{ encoder: 'ngrams', maxLength: 9 }, /maxLength has no effect on encoder 'ngrams'/],
    [{ encoder: 'ngrams', tokenizer: { type: 'wordpiece' } }, /tokenizer has no effect/],
  ])('to be created with %j', async (options, message) => {
    const error = await refusalOf(() => TextClassifier.create(options as object));
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^TextClassifier\.create: /);
  });
});
