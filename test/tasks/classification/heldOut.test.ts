import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TextExample } from '../../../src/data/labels.ts';
import { groupRepeats } from '../../../src/data/repeats.ts';
import {
  type Division,
  foldDivision,
  heldOutResult,
  rowsOf,
  shareDivision,
  shareIfAny,
  splitDivision,
} from '../../../src/tasks/classification/heldOut.ts';
import { refusalOf } from '../toyTexts.ts';

/** Different texts of two labels in turn. */
const rowsOfTwo = (count: number): TextExample[] =>
  Array.from({ length: count }, (_, n) => ({ text: `text ${n}`, label: n % 2 ? 'a' : 'b' }));

const distinctOf = (examples: readonly TextExample[]) =>
  new Set(groupRepeats(examples.map(({ text }) => text))).size;

const sizesOf = (division: Division) =>
  Array.from({ length: division.foldCount }, (_, fold) => rowsOf(division, fold).length);

describe('foldDivision', () => {
  it.each([
    [2, undefined],
    [7, undefined],
    [8, 8],
    [9, 9],
    [20, 10],
    [200, 10],
    [999, 10],
    [1000, 5],
    [4999, 5],
    [5000, 3],
    [6000, 3],
  ])('of %i rows has %s folds', (count, folds) => {
    const examples = rowsOfTwo(count);
    const division = foldDivision(examples, count, 1);
    expect(division?.foldCount).toBe(folds);
    if (!division) return;
    expect(division.method).toBe('cross-validation');
    expect(rowsOf(division)).toHaveLength(count);
    const sizes = sizesOf(division);
    expect(sizes.reduce((a, b) => a + b)).toBe(count);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    expect(rowsOf(division, -1)).toHaveLength(0);
  });

  it('counts texts, not rows', () => {
    const examples = [...rowsOfTwo(9), ...rowsOfTwo(9), ...rowsOfTwo(9)];
    expect(foldDivision(examples, 9, 1)?.foldCount).toBe(9);
    expect(foldDivision([...rowsOfTwo(7), ...rowsOfTwo(7)], 7, 1)).toBeUndefined();
  });
});

describe('splitDivision', () => {
  it.each([
    [2, undefined, 0],
    [7, undefined, 0],
    [8, 'cross-validation', 8],
    [20, 'cross-validation', 20],
    [199, 'cross-validation', 199],
    [200, 'split', 40],
    [900, 'split', 180],
    [1000, 'split', 100],
    [6000, 'split', 600],
    [30_000, 'split', 2000],
  ])('of %i rows: %s, %i measured', (count, method, measured) => {
    const division = splitDivision(rowsOfTwo(count), count, 1);
    expect(division?.method).toBe(method);
    expect(division ? rowsOf(division) : []).toHaveLength(measured);
    if (method !== 'split') return;
    expect(division!.foldCount).toBe(1);
    expect(rowsOf(division!, -1)).toHaveLength(count - measured);
  });

  it('holds nothing out where no label can spare a text, which is no error', async () => {
    const one = (text: string, label: string) =>
      Array.from({ length: 150 }, () => ({ text, label }));
    expect(splitDivision([...one('x', 'a'), ...one('y', 'b')], 2, 1)).toBeUndefined();
    // Seven texts tell nothing, however often they stand there.
    const seven = Array.from({ length: 40 }, () => rowsOfTwo(7)).flat();
    expect(splitDivision(seven, 7, 1)).toBeUndefined();
    const alone = Array.from({ length: 240 }, (_, n) => ({ text: `${n}`, label: `${n}` }));
    expect(splitDivision(alone, 240, 1)).toBeUndefined();
    expect(shareIfAny(alone, 0.25, 1)).toBeUndefined();
    // A share the user asks for is another matter.
    expect((await refusalOf(() => shareDivision(alone, 0.25, 1))).code).toBe('INVALID_DATA');
    expect(shareIfAny(rowsOfTwo(40), 0.25, 1)).toEqual(shareDivision(rowsOfTwo(40), 0.25, 1));
  });
});

describe('a division', () => {
  const arbitraryExamples = fc.array(
    fc.record({
      text: fc
        .tuple(fc.nat(60), fc.constantFrom('', ' ', '\n'))
        .map(([n, blank]) => `${blank}Text  ${n}`),
      label: fc.constantFrom('a', 'b', 'c'),
    }),
    { minLength: 20, maxLength: 300 },
  );

  it('never parts repeats of a text, and is the same for the same seed', () => {
    fc.assert(
      fc.property(arbitraryExamples, fc.integer(), (examples, seed) => {
        const groups = groupRepeats(examples.map(({ text }) => text));
        for (const divide of [foldDivision, splitDivision]) {
          const division = divide(examples, distinctOf(examples), seed);
          if (!division) continue;
          expect(divide(examples, distinctOf(examples), seed)).toEqual(division);
          const foldOf = new Map<number, number>();
          for (const [row, group] of groups.entries()) {
            const fold = division.folds[row]!;
            expect(foldOf.get(group) ?? fold).toBe(fold);
            foldOf.set(group, fold);
          }
          expect(Math.min(...sizesOf(division))).toBeGreaterThan(0);
        }
      }),
    );
  });

  it('gives the rows of each fold, of all and of none, rising', () => {
    const division = {
      method: 'split',
      folds: Int32Array.of(-1, 1, 0, -1, 1),
      foldCount: 2,
    } as const;
    expect(rowsOf(division)).toEqual(Int32Array.of(1, 2, 4));
    expect(rowsOf(division, 0)).toEqual(Int32Array.of(2));
    expect(rowsOf(division, 1)).toEqual(Int32Array.of(1, 4));
    expect(rowsOf(division, -1)).toEqual(Int32Array.of(0, 3));
  });
});

describe('heldOutResult', () => {
  const ln = Math.log;
  const measuredOf = (folds: number[], logits: number[][], ngrams?: number[][]) => {
    const division = {
      method: 'cross-validation',
      folds: Int32Array.from(folds),
      foldCount: 2,
    } as const;
    const rows = (list: number[][]) => list.map((row) => Float32Array.from(row));
    return {
      division,
      rows: rowsOf(division),
      logits: rows(logits),
      ngrams: ngrams && rows(ngrams),
    };
  };

  it('by hand, of rows with one label', () => {
    const labels = ['a', 'b', 'c'];
    const targets = Int32Array.of(2, 0, 1, 1, 1);
    const examples = Array.from(targets, (target, n) => ({ text: `${n}`, label: labels[target]! }));
    // Probabilities 0.7, 0.2, 0.1 for a row's label; the row 0 is not measured.
    const row = (a: number, b: number, c: number) => [ln(a), ln(b), ln(c)];
    const logits = [row(0.7, 0.2, 0.1), row(0.2, 0.7, 0.1), row(0.1, 0.2, 0.7), row(0.3, 0.4, 0.3)];
    const ngrams = [row(0.7, 0.2, 0.1), row(0.7, 0.2, 0.1), row(0.7, 0.2, 0.1), row(0.7, 0.2, 0.1)];
    const measured = measuredOf([-1, 0, 1, 0, 1], logits, ngrams);
    const result = heldOutResult(measured, examples, targets, labels, false);
    expect(result).toMatchObject({
      method: 'cross-validation',
      folds: 2,
      examples: 4,
      accuracy: 0.75,
      majority: { label: 'b', accuracy: 0.75 },
      ngrams: { accuracy: 0.25 },
    });
    expect(result.report.examples).toBe(4);
    expect(result.report.confusionMatrix).toEqual([
      [1, 0, 0],
      [0, 2, 1],
      [0, 0, 0],
    ]);
    expect(result.report.loss).toBeCloseTo(-(ln(0.7) + ln(0.7) + ln(0.2) + ln(0.4)) / 4, 6);
    // scipy.stats.binomtest(3, 4).proportion_ci(0.95, 'wilson')
    expect(result.accuracyInterval[0]).toBeCloseTo(0.3006418, 6);
    expect(result.accuracyInterval[1]).toBeCloseTo(0.9544127, 6);
    // Bin of 0.7: 2 right of 3, less 2.1; bin of 0.4: 1 right, less 0.4.
    expect(result.calibrationError).toBeCloseTo((0.1 + 0.6) / 4, 6);
    expect(result.predictions).toEqual([
      { example: 1, label: 'a', score: expect.closeTo(0.7, 6) },
      { example: 2, label: 'b', score: expect.closeTo(0.7, 6) },
      { example: 3, label: 'c', score: expect.closeTo(0.7, 6) },
      { example: 4, label: 'b', score: expect.closeTo(0.4, 6) },
    ]);
    const without = heldOutResult(
      { ...measured, ngrams: undefined },
      examples,
      targets,
      labels,
      false,
    );
    expect(without.ngrams).toBeUndefined();
  });

  it('by hand, of rows with several labels', () => {
    const labels = ['a', 'b'];
    const targets = Float32Array.of(1, 0, 1, 1, 0, 0);
    const examples = [
      { text: '0', label: ['a'] },
      { text: '1', label: ['b', 'a'] },
      { text: '2', label: [] },
    ];
    const logit = (p: number) => ln(p / (1 - p));
    const logits = [
      [logit(0.9), logit(0.2)],
      [logit(0.9), logit(0.2)],
      [logit(0.2), logit(0.2)],
    ];
    const measured = measuredOf([0, 1, 0], logits, logits);
    const result = heldOutResult(measured, examples, targets, labels, true);
    // Right in every label: the first and the third.
    expect(result.accuracy).toBeCloseTo(2 / 3, 12);
    expect(result.majority).toEqual({ label: '', accuracy: 1 / 3 });
    // Six decisions: 0.9 twice, right; 0.8 four times, right three times.
    expect(result.calibrationError).toBeCloseTo((0.2 + 0.2) / 6, 6);
    expect(result.report.loss).toBeCloseTo(-(2 * ln(0.9) + 3 * ln(0.8) + ln(0.2)) / 6, 6);
    expect(result.report.confusionMatrix).toBeUndefined();
    expect(result.predictions).toEqual([
      { example: 0, label: ['a'], score: expect.closeTo(0.8, 6) },
      { example: 1, label: ['a'], score: expect.closeTo(0.8, 6) },
      { example: 2, label: [], score: expect.closeTo(0.8, 6) },
    ]);
  });

  it('has no folds of a split', () => {
    const examples = rowsOfTwo(2);
    const measured = measuredOf([-1, 0], [[0, 1]]);
    const division = { ...measured.division, method: 'split', foldCount: 1 } as const;
    const targets = Int32Array.of(0, 1);
    const result = heldOutResult({ ...measured, division }, examples, targets, ['b', 'a'], false);
    expect(result).toMatchObject({ method: 'split', folds: undefined, examples: 1, accuracy: 1 });
    expect(result.predictions[0]).toMatchObject({ example: 1, label: 'a' });
    const given = { ...division, method: 'validationData' } as const;
    const { predictions } = heldOutResult(
      { ...measured, division: given },
      examples,
      targets,
      ['b', 'a'],
      false,
    );
    expect(predictions[0]).toMatchObject({ example: 0, label: 'a' });
  });
});
