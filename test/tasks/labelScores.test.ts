import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KnownWords } from '../../src/models/knownWords.ts';
import { answer, labelProbabilities, scoreLabels } from '../../src/tasks/labelScores.ts';

describe('labelProbabilities', () => {
  it('is the softmax of the logits, or the sigmoid of each', () => {
    const logits = Float32Array.of(1, 0, -1);
    const e = Math.E;
    const sum = e + 1 + 1 / e;
    for (const [n, p] of labelProbabilities(logits, false).entries()) {
      expect(p).toBeCloseTo([e / sum, 1 / sum, 1 / e / sum][n]!, 12);
    }
    for (const [n, p] of labelProbabilities(logits, true).entries()) {
      expect(p).toBeCloseTo([e / (1 + e), 0.5, 1 / (1 + e)][n]!, 12);
    }
  });

  it('stays in [0, 1] for any logits', () => {
    const logit = fc.float({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(logit, { minLength: 2, maxLength: 6 }), fc.boolean(), (row, multi) => {
        const probabilities = labelProbabilities(Float32Array.from(row), multi);
        for (const p of probabilities) {
          expect(p).toBeGreaterThanOrEqual(0);
          expect(p).toBeLessThanOrEqual(1);
        }
        if (!multi) expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 9);
      }),
    );
  });
});

describe('scoreLabels', () => {
  it('sorts labels by score, those of equal score in their order', () => {
    const labels = ['a', 'b', 'c', 'd'];
    const scores = scoreLabels(Float32Array.of(0, 2, 0, 2), { labels, multiLabel: false });
    expect(scores.map(({ label }) => label)).toEqual(['b', 'd', 'a', 'c']);
    const several = scoreLabels(Float32Array.of(-3, 0, 3, 0), { labels, multiLabel: true });
    expect(several.map(({ label }) => label)).toEqual(['c', 'b', 'd', 'a']);
    expect(several[1]!.score).toBe(0.5);
  });
});

describe('answer', () => {
  const known = KnownWords.of(['I want a refund']);
  const scores = [
    { label: 'refund', score: 0.6 },
    { label: 'other', score: 0.4 },
  ];
  const unknown = (score: number, note: string) => ({ label: 'unknown', score, note });

  it.each([
    [0, scores],
    [0.5, scores],
    [0.6, scores],
    [0.61, [unknown(0.4, 'low-score'), ...scores]],
    [1, [unknown(0.4, 'low-score'), ...scores]],
  ])('of a familiar text with minScore %d', (minScore, expected) => {
    expect(answer('a refund', scores, minScore, known)).toEqual(expected);
    expect(answer('a refund', scores, minScore, undefined)).toEqual(expected);
  });

  it.each([0.01, 0.5, 1])('of an unfamiliar text with minScore %d is unknown', (minScore) => {
    const expected = [unknown(0.4, 'unfamiliar'), ...scores];
    expect(answer('lorem ipsum', scores, minScore, known)).toEqual(expected);
    expect(answer('?!', scores, minScore, known)).toEqual(expected);
  });

  it('of an unfamiliar text with minScore 0 is its best label, with a note', () => {
    const expected = [{ ...scores[0]!, note: 'unfamiliar' }, scores[1]!];
    expect(answer('lorem ipsum', scores, 0, known)).toEqual(expected);
    // Where the training texts are not known, nothing is said of them.
    expect(answer('lorem ipsum', scores, 0, undefined)).toEqual(scores);
    expect(answer('lorem ipsum', scores, 0.5, undefined)).toEqual(scores);
  });

  it.each(['', ' ', '\n\t\u00a0\u3000'])('of %j is unknown for certain, always', (text) => {
    for (const minScore of [0, 0.5, 1]) {
      const expected = [unknown(1, 'empty'), ...scores];
      expect(answer(text, scores, minScore, known)).toEqual(expected);
      expect(answer(text, scores, minScore, undefined)).toEqual(expected);
    }
  });

  it('a score of 1 reaches a minScore of 1', () => {
    const sure = [
      { label: 'refund', score: 1 },
      { label: 'other', score: 0 },
    ];
    expect(answer('a refund', sure, 1, known)).toEqual(sure);
  });

  it('of several labels is unknown where none reaches minScore', () => {
    const several = scoreLabels(Float32Array.of(-1, -3), {
      labels: ['a', 'b'],
      multiLabel: true,
    });
    const [first] = answer('a refund', several, 0.5, known);
    expect(first).toMatchObject({ label: 'unknown', note: 'low-score' });
    expect(first!.score).toBeCloseTo(1 / (1 + Math.exp(-1)), 12);
    expect(answer('a refund', several, 0.25, known)).toEqual(several);
  });

  it('leaves the scores it was given as they are, and has none for no labels', () => {
    const kept = structuredClone(scores);
    for (const text of ['', 'a refund', 'lorem']) {
      const found = answer(text, scores, 0, known);
      expect(found).not.toBe(scores);
      found.pop();
    }
    expect(scores).toEqual(kept);
    expect(answer('a refund', [], 0.5, known)).toEqual([]);
  });
});
