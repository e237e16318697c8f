import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createEngine } from '../../src/kernels/createEngine.ts';
import type { ClassifierTrainingOptions } from '../../src/tasks/classifierOptions.ts';
import { TextClassifier } from '../../src/tasks/textClassifier.ts';
import { mixedTexts, orderTexts } from './orderTexts.ts';
import { aliveNow, refusalOf, textsOf, toyMultiLabelTexts, toyTexts } from './toyTexts.ts';

const AUTO = { maxLength: 16, seed: 1 } as const;
const SHORT = { learningRate: 3e-3, maxSteps: 120, batchSize: 32 } as const;
const BOTH = 'ngrams and transformer';
const TEXTS = ['', 'x y sun x ice', 'lorem ipsum dolor', ...textsOf(mixedTexts(20, 7))];

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

async function expectFiniteScores(classifier: TextClassifier): Promise<void> {
  for (const scores of await classifier.predict(TEXTS)) {
    expect(scores.filter(({ score }) => !(score >= 0 && score <= 1))).toEqual([]);
  }
}

/** Same weights, words, tokenizer and configuration: same answers, and the same when loaded. */
async function expectSameWhenLoaded(classifier: TextClassifier): Promise<void> {
  const files = await filesOf(classifier);
  using again = await TextClassifier.load(files);
  expect(await again.predict(TEXTS, { minScore: 0.6 })).toEqual(
    await classifier.predict(TEXTS, { minScore: 0.6 }),
  );
  expect(await filesOf(again)).toEqual(files);
}

describe("encoder 'auto' is the n-gram model", () => {
  it.each<[string, { text: string; label: string }[], ClassifierTrainingOptions, RegExp]>([
    ['fewer than 150 texts', orderTexts(100), {}, /\d\d different texts; .* from 150 on/],
    ['repeats of fewer', [...orderTexts(40), ...orderTexts(40)], {}, /40 different texts/],
    ['nothing held out', orderTexts(200), { validationSplit: 0 }, /where some are held out/],
    [
      'labels with one text each',
      orderTexts(190).map(({ text }, n) => ({ text: `${text} ${n}`, label: `${n}` })),
      {},
      /where some are held out/,
    ],
  ])('for %s', async (_, examples, options, reason) => {
    using classifier = await TextClassifier.create(AUTO);
    const { choice, used, heldOut } = await classifier.train(examples, options);
    expect(choice).toEqual({ encoder: 'ngrams', reason: expect.stringMatching(reason) });
    expect(used).not.toHaveProperty('hiddenSize');
    if (options.validationSplit === 0) expect(heldOut).toBeUndefined();
    else expect(heldOut).toMatchObject({ method: 'cross-validation', examples: examples.length });
  });

  it('where words tell the label and a Transformer is no better', async () => {
    using classifier = await TextClassifier.create(AUTO);
    const { choice, heldOut, used } = await classifier.train(toyTexts(200), {
      ...SHORT,
      maxSteps: 10,
    });
    expect(choice.encoder).toBe('ngrams');
    expect(choice.reason).toMatch(/no more answers are right on 40 held-out rows/);
    expect(used).toMatchObject({ wordNgrams: [1, 3], features: expect.any(Number) });
    expect(heldOut).toMatchObject({ method: 'cross-validation', examples: 200 });
    expect([...(await filesOf(classifier)).keys()]).not.toContain('tokenizer.json');
  });
});

describe("encoder 'auto' compares both", () => {
  it('and keeps the Transformer where the order of words tells the label', async () => {
    using classifier = await TextClassifier.create(AUTO);
    const { choice, heldOut, used, globalStep, warnings } = await classifier.train(
      orderTexts(200),
      SHORT,
    );
    expect(choice.encoder).toMatch(/transformer$/);
    expect(choice.reason).toMatch(/lowe(r|st) loss on 40 held-out rows: 0\.\d+/);
    expect(heldOut).toMatchObject({ method: 'split', examples: 40 });
    expect(heldOut!.accuracy).toBeGreaterThan(0.9);
    expect(heldOut!.ngrams!.accuracy).toBeLessThan(0.75);
    // What the user gave, and of n-grams only what is kept.
    expect(globalStep).toBeLessThanOrEqual(120);
    expect(used).toMatchObject({ learningRate: 3e-3, maxSteps: 120, hiddenSize: 64 });
    expect(Object.hasOwn(used, 'wordNgrams')).toBe(choice.encoder === BOTH);
    expect(warnings).toEqual([]);
    const { accuracy } = await classifier.evaluate(orderTexts(100, 2));
    expect(accuracy).toBeGreaterThan(0.9);
    await expectSameWhenLoaded(classifier);
  });

  it('and trains both further together where both are kept', async () => {
    using classifier = await TextClassifier.create(AUTO);
    const examples = orderTexts(200);
    const first = await classifier.train(examples, SHORT);
    expect(first.choice.encoder).toBe(BOTH);
    expect(first.choice.reason).toMatch(/lowe(r|st) loss on 40 held-out rows: 0/);
    expect(first.heldOut!.accuracy).toBeGreaterThan(first.heldOut!.ngrams!.accuracy);
    expect(first.used).toMatchObject({ hiddenSize: 64, learningRate: 3e-3 });
    await expectSameWhenLoaded(classifier);
    // Calibrated on the rows that were held out.
    expect(first.heldOut!.calibrationError).toBeLessThan(0.2);
    const { loss } = await classifier.evaluate(orderTexts(100, 3));
    expect(loss).toBeLessThan(Math.LN2);

    const others = orderTexts(200, 4).map(({ text, label }) => ({ text: `${text} moon`, label }));
    const more = await classifier.train(others, { ...SHORT, maxSteps: 20 });
    expect(more.choice).toEqual({ encoder: BOTH, reason: 'as it was' });
    expect(more.used.features).toBeGreaterThan(first.used.features as number);
    expect(more.used).toMatchObject({ learningRate: 3e-3, maxSteps: 20, batchSize: 32 });
    expect((await classifier.evaluate(orderTexts(100, 3))).loss).toBeLessThan(Math.LN2);
    await expectSameWhenLoaded(classifier);
  });

  it('on the rows of validationData, or of validationSplit', async () => {
    for (const options of [{ validationData: orderTexts(50, 3) }, { validationSplit: 0.25 }]) {
      using classifier = await TextClassifier.create(AUTO);
      const { choice, heldOut } = await classifier.train(orderTexts(200), { ...SHORT, ...options });
      expect(choice).toEqual({
        encoder: expect.stringMatching(/transformer$/),
        reason: expect.stringContaining('on 50 held-out rows'),
      });
      const method = options.validationData ? 'validationData' : 'split';
      expect(heldOut).toMatchObject({ method, examples: 50, folds: undefined });
    }
  });

  it('of 1,000 rows, and keeps the encoder that was measured', async () => {
    using classifier = await TextClassifier.create(AUTO);
    const { choice, heldOut, globalStep, used } = await classifier.train(orderTexts(1000), SHORT);
    expect(choice.encoder).toMatch(/transformer$/);
    expect(heldOut).toMatchObject({ method: 'split', examples: 100 });
    expect(globalStep).toBeLessThanOrEqual(120);
    expect([used.maxSteps, used.learningRate]).toEqual([120, 3e-3]);
    await expectSameWhenLoaded(classifier);
  });

  it('with epochs, evalStrategy, classWeight and several labels', async () => {
    using weighted = await TextClassifier.create(AUTO);
    const options = { learningRate: 3e-3, epochs: 12, classWeight: { ice: 2 } };
    const { used, choice } = await weighted.train(orderTexts(200), options);
    expect(choice.encoder).toMatch(/transformer$/);
    expect(used).toMatchObject({ epochs: 12 });
    using silent = await TextClassifier.create(AUTO);
    expect((await silent.train(orderTexts(200), { ...SHORT, evalStrategy: 'no' })).bestStep).toBe(
      undefined,
    );
    using several = await TextClassifier.create({ ...AUTO, multiLabel: true });
    const result = await several.train(toyMultiLabelTexts(240), { ...SHORT, maxSteps: 20 });
    expect(result.heldOut!.report.f1).toBeGreaterThan(0.8);
    expect(result.choice.reason).toMatch(/held-out rows/);
  });

  it.each([
    [200, 100],
    [1000, 100],
    [200, 1e30],
    [1000, 1e30],
  ])(
    '%i rows with a learning rate of %d end with the n-gram model',
    async (count, learningRate) => {
      using classifier = await TextClassifier.create(AUTO);
      const result = await classifier.train(orderTexts(count), { learningRate, maxSteps: 40 });
      expect(result.choice).toEqual({
        encoder: 'ngrams',
        reason: 'the training of the Transformer diverged',
      });
      expect(result.warnings.map(({ code }) => code)).toContain('DIVERGED');
      await expectFiniteScores(classifier);
      expect(await aliveNow()).toEqual(before);
      await expectSameWhenLoaded(classifier);
    },
  );

  it('the same seed gives the same bits, another seed others', async () => {
    const run = async (seed: number) => {
      using classifier = await TextClassifier.create({ ...AUTO, seed });
      const { peakHeapBytes: _, ...result } = await classifier.train(mixedTexts(120), {
        ...SHORT,
        seed,
      });
      return { result, files: await filesOf(classifier) };
    };
    const first = await run(1);
    expect(await run(1)).toEqual(first);
    expect((await run(2)).files).not.toEqual(first.files);
  });

  it('refuses the options of an encoder that there is not', async () => {
    const create = (options: object) => () => TextClassifier.create(options);
    const options = { encoder: { type: 'auto', hiddenSize: 8 } };
    expect(await refusalOf(create(options))).toMatchObject({ code: 'UNKNOWN_OPTION' });
    const typo = await refusalOf(create({ encoder: 'autos' }));
    expect(typo.message).toMatch(/received 'autos'\. Did you mean 'auto'\?/);
  });
});
