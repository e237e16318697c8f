import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createEngine } from '../../src/kernels/createEngine.ts';
import type { LabelScore } from '../../src/tasks/labelScores.ts';
import { TextClassifier } from '../../src/tasks/textClassifier.ts';
import { trainWordPiece } from '../../src/tokenizers/index.ts';
import { aliveNow, FIT, TINY, textsOf, toyMultiLabelTexts, toyTexts } from './toyTexts.ts';

let before: { tensors: number; bytes: number };
beforeAll(async () => void (await createEngine()));
beforeEach(async () => {
  before = await aliveNow();
});
afterEach(async () => expect(await aliveNow()).toEqual(before));

const scoreOf = (scores: readonly LabelScore[], label: string) =>
  scores.find((entry) => entry.label === label)!.score;

function expectSameScores(actual: readonly LabelScore[], expected: readonly LabelScore[]): void {
  for (const { label, score } of expected) {
    expect(Math.abs(scoreOf(actual, label) - score)).toBeLessThan(1e-6);
  }
}

describe('TextClassifier learns', () => {
  it('two labels', async () => {
    using classifier = await TextClassifier.create(TINY);
    expect(classifier.labels).toBeUndefined();
    const result = await classifier.train(toyTexts(160), FIT);
    expect(result).toMatchObject({ globalStep: 60, epoch: 6, stoppedEarly: false });
    expect(classifier.labels).toEqual(['cold', 'warm']);
    const report = await classifier.evaluate(toyTexts(60, undefined, 2));
    expect(report.accuracy).toBeGreaterThan(0.95);
    expect(report).toMatchObject({ examples: 60, labels: ['cold', 'warm'] });
    const rows = report.confusionMatrix!;
    expect(rows.flat().reduce((sum, n) => sum + n, 0)).toBe(60);
    const [best] = await classifier.predict('sun and beach');
    expect(best).toMatchObject({ label: 'warm' });
  });

  it('three labels, named as create was told, one of them not among the examples', async () => {
    const labels = ['wet', 'warm', 'cold', 'dry'];
    using classifier = await TextClassifier.create({ ...TINY, labels });
    await classifier.train(toyTexts(180, ['cold', 'warm', 'wet']), FIT);
    expect(classifier.labels).toEqual(labels);
    const report = await classifier.evaluate(toyTexts(60, ['cold', 'warm', 'wet'], 2));
    expect(report.accuracy).toBeGreaterThan(0.95);
    expect(Object.keys(report.perLabel!)).toEqual(labels);
    const scores = await classifier.predict('rain and a flood', { topK: 2 });
    expect(scores).toHaveLength(2);
    expect(scores[0]!.label).toBe('wet');
  });

  it('further from examples of one label, where all labels are known', async () => {
    using classifier = await TextClassifier.create({ ...TINY, labels: ['cold', 'warm'] });
    await classifier.train(toyTexts(160, ['cold']), { ...FIT, epochs: 1 });
    await classifier.train(toyTexts(160), FIT);
    const [text] = textsOf(toyTexts(1, ['warm'], 2));
    const before = scoreOf(await classifier.predict(text!), 'warm');
    await classifier.train(toyTexts(80, ['warm'], 3), { ...FIT, epochs: 1 });
    expect(scoreOf(await classifier.predict(text!), 'warm')).toBeGreaterThan(before);
    expect(classifier.labels).toEqual(['cold', 'warm']);
  });

  it('several labels at once, or none', async () => {
    using classifier = await TextClassifier.create({ ...TINY, multiLabel: true });
    await classifier.train(toyMultiLabelTexts(240), { ...FIT, epochs: 12 });
    expect(classifier.labels).toEqual(['cold', 'warm', 'wet']);
    const report = await classifier.evaluate(toyMultiLabelTexts(80, 2));
    expect(report.f1).toBeGreaterThan(0.95);
    expect(report).toMatchObject({ confusionMatrix: undefined, balancedAccuracy: undefined });
    const scores = await classifier.predict('snow and rain in the town');
    expect(scoreOf(scores, 'cold')).toBeGreaterThan(0.5);
    expect(scoreOf(scores, 'wet')).toBeGreaterThan(0.5);
    expect(scoreOf(scores, 'warm')).toBeLessThan(0.5);
    const none = await classifier.predict('a day in the town');
    expect(Math.max(...none.map(({ score }) => score))).toBeLessThan(0.5);
  });

  it.each([
    ['byte-level BPE', { tokenizer: { type: 'byte-level-bpe', vocabSize: 300 } }],
    [
      'a bert, pooled at its first token',
      { encoder: { ...TINY.encoder, type: 'bert', dropout: 0 }, maxLength: 20 },
    ],
    ['layer norms first', { encoder: { ...TINY.encoder, normalizeFirst: true } }],
  ] as const)('with %s, and is the same when saved and loaded', async (_, options) => {
    using classifier = await TextClassifier.create({ ...TINY, ...options });
    await classifier.train(toyTexts(160), FIT);
    const report = await classifier.evaluate(toyTexts(60, undefined, 2));
    expect(report.accuracy).toBeGreaterThan(0.9);
    const files = new Map<string, Uint8Array>();
    await classifier.save(files);
    using again = await TextClassifier.load(files);
    const texts = ['', 'sun', ...textsOf(toyTexts(8, undefined, 3))];
    expect(await again.predict(texts)).toEqual(await classifier.predict(texts));
    expect(await again.evaluate(toyTexts(60, undefined, 2))).toEqual(report);
  });

  it('with a tokenizer that is there already', async () => {
    const examples = toyTexts(160);
    const tokenizer = await trainWordPiece(textsOf(examples), { vocabSize: 90 });
    using classifier = await TextClassifier.create({ ...TINY, tokenizer });
    await classifier.train(examples, FIT);
    const report = await classifier.evaluate(toyTexts(60, undefined, 2));
    expect(report.accuracy).toBeGreaterThan(0.95);
  });
});

describe('TextClassifier.predict', () => {
  let classifier: TextClassifier;
  beforeEach(async () => {
    classifier = await TextClassifier.create(TINY);
    await classifier.train(toyTexts(80, ['cold', 'warm', 'wet']), { ...FIT, epochs: 1 });
  });
  afterEach(() => classifier.dispose());

  it('gives labels sorted by probabilities that sum to 1, and the first topK of them', async () => {
    for (const scores of await classifier.predict(textsOf(toyTexts(20, undefined, 5)))) {
      const values = scores.map(({ score }) => score);
      expect(values).toEqual([...values].sort((a, b) => b - a));
      expect(values.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 6);
      expect(scores.map(({ label }) => label).sort()).toEqual(['cold', 'warm', 'wet']);
    }
    const all = await classifier.predict('snow');
    expect(await classifier.predict('snow', { topK: 1 })).toEqual(all.slice(0, 1));
    expect(await classifier.predict('snow', { topK: 9 })).toEqual(all);
  });

  it('gives one text what it gives it among others of any length', async () => {
    const long = textsOf(toyTexts(20, undefined, 6)).join(' ');
    const texts = ['', 'sun', long, 'unknown \u{1f600} words', '   ', ...textsOf(toyTexts(30))];
    for (const batchSize of [1, 2, 7, 32, 100]) {
      const together = await classifier.predict(texts, { batchSize });
      expect(together).toHaveLength(texts.length);
      for (const [i, text] of texts.entries()) {
        expectSameScores(together[i]!, await classifier.predict(text));
      }
    }
  });

  it.each(['left', 'right'] as const)('cuts a long text at its %s end', async (truncationSide) => {
    using cutting = await TextClassifier.create({ ...TINY, truncationSide });
    await cutting.train(toyTexts(80), { ...FIT, epochs: 3 });
    const filler = 'a day in the town with friends '.repeat(4);
    const [warmFirst, coldFirst] = await cutting.predict([
      `sun beach heat ${filler} snow ice frost`,
      `snow ice frost ${filler} sun beach heat`,
    ]);
    const [first, second] = truncationSide === 'right' ? ['warm', 'cold'] : ['cold', 'warm'];
    expect([warmFirst![0]!.label, coldFirst![0]!.label]).toEqual([first, second]);
    const files = new Map<string, Uint8Array>();
    await cutting.save(files);
    using again = await TextClassifier.load(files);
    expect(await again.predict(filler + filler)).toEqual(await cutting.predict(filler + filler));
    expect((await again.predict(`sun beach heat ${filler} snow ice frost`))[0]!.label).toBe(first);
  });

  it('takes no texts, one text, and texts without a token', async () => {
    expect(await classifier.predict([])).toEqual([]);
    expect(await classifier.predict(['sun'])).toEqual([await classifier.predict('sun')]);
    expectSameScores((await classifier.predict(['', '']))[1]!, await classifier.predict(''));
  });

  it('gives the same again: no dropout is on', async () => {
    const first = await classifier.predict('sun and snow');
    expect(await classifier.predict('sun and snow')).toEqual(first);
  });

  it('reports its batches', async () => {
    const seen: unknown[] = [];
    await classifier.predict(['a', 'b', 'c'], {
      batchSize: 2,
      onProgress: ({ phase, step, totalSteps }) => seen.push({ phase, step, totalSteps }),
    });
    expect(seen).toEqual([
      { phase: 'predict', step: 1, totalSteps: 2 },
      { phase: 'predict', step: 2, totalSteps: 2 },
    ]);
  });
});

describe('texts without a token', () => {
  it('are learned from and predicted where the tokenizer adds none of its own', async () => {
    const tokenizer = { type: 'byte-level-bpe', vocabSize: 280 } as const;
    using classifier = await TextClassifier.create({ ...TINY, tokenizer });
    const empty = Array.from({ length: 20 }, () => ({ text: '', label: 'warm' }));
    // Batches of one: some hold an empty text alone.
    await classifier.train([...toyTexts(20), ...empty], { ...FIT, epochs: 1, batchSize: 1 });
    const alone = await classifier.predict('');
    expect(alone[0]!.score).toBeGreaterThan(0);
    expectSameScores((await classifier.predict(['snow and ice', '']))[1]!, alone);
    const report = await classifier.evaluate(empty);
    expect(report.loss).toBeGreaterThan(0);
  });
});
