import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  accuracy,
  balancedAccuracy,
  classMetrics,
  confusionMatrix,
  multiLabelPrecisionRecallF1,
  precisionRecallF1,
  subsetAccuracy,
} from '../../src/train/metrics.ts';

// The examples of scikit-learn's own documentation, and what it says comes out.
const labels = [0, 1, 2, 0, 1, 2];
const predictions = [0, 2, 1, 0, 0, 1];

describe('one label for each example', () => {
  test('accuracy', () => {
    expect(accuracy([0, 1, 2, 3], [0, 2, 1, 3])).toBe(0.5);
  });

  test('confusion matrix', () => {
    expect(confusionMatrix([2, 0, 2, 2, 0, 1], [0, 0, 2, 2, 0, 2], 3)).toEqual([
      [2, 0, 0],
      [0, 0, 1],
      [1, 0, 2],
    ]);
  });

  test('balanced accuracy', () => {
    const matrix = confusionMatrix([0, 1, 0, 0, 1, 0], [0, 1, 0, 0, 0, 1], 2);
    expect(balancedAccuracy(matrix)).toBe(0.625);
    // Class 2 has no examples: it does not count.
    expect(balancedAccuracy(confusionMatrix([0, 0, 1], [0, 2, 1], 3))).toBe(0.75);
  });

  test.each([
    ['macro', 2 / 9, 1 / 3, 4 / 15],
    ['micro', 1 / 3, 1 / 3, 1 / 3],
    ['weighted', 2 / 9, 1 / 3, 4 / 15],
  ] as const)('precision, recall and F1: %s', (average, precision, recall, f1) => {
    const result = precisionRecallF1(confusionMatrix(labels, predictions, 3), average);
    expect(result.precision).toBeCloseTo(precision, 12);
    expect(result.recall).toBeCloseTo(recall, 12);
    expect(result.f1).toBeCloseTo(f1, 12);
  });

  test('of each class', () => {
    expect(classMetrics(confusionMatrix(labels, predictions, 3))).toEqual([
      { precision: 2 / 3, recall: 1, f1: 0.8, support: 2 },
      { precision: 0, recall: 0, f1: 0, support: 2 },
      { precision: 0, recall: 0, f1: 0, support: 2 },
    ]);
  });

  test('binary has a positive class', () => {
    const matrix = confusionMatrix([0, 0, 0, 1, 1], [0, 1, 0, 1, 0], 2);
    expect(precisionRecallF1(matrix, 'binary')).toEqual({ precision: 0.5, recall: 0.5, f1: 0.5 });
    const other = precisionRecallF1(matrix, 'binary', 0);
    expect(other).toEqual({ precision: 2 / 3, recall: 2 / 3, f1: 2 / 3 });
    expect(() => precisionRecallF1(matrix, 'binary', 2)).toThrow('positive class 2');
  });

  test('weights differ from macro where the classes do', () => {
    // Class 0: precision 1, recall 2/3, F1 0.8; class 1: 1/2, 1, 2/3; supports 3 and 1.
    const matrix = confusionMatrix([0, 0, 0, 1], [0, 0, 1, 1], 2);
    expect(precisionRecallF1(matrix, 'macro').f1).toBeCloseTo((0.8 + 2 / 3) / 2, 12);
    expect(precisionRecallF1(matrix, 'weighted').f1).toBeCloseTo((0.8 * 3 + 2 / 3) / 4, 12);
  });

  test('no positive prediction gives 0, and a class that never occurs does not count', () => {
    const matrix = confusionMatrix([0, 1], [0, 0], 3);
    expect(precisionRecallF1(matrix, 'binary')).toEqual({ precision: 0, recall: 0, f1: 0 });
    expect(precisionRecallF1(matrix, 'macro').recall).toBe(0.5);
  });

  test('what cannot be measured is refused', () => {
    expect(() => accuracy([], [])).toThrow('nothing to measure');
    expect(() => accuracy([1], [1, 0])).toThrow('1 labels and 2 predictions');
    expect(() => confusionMatrix([2], [0], 2)).toThrow('label of example 0 is 2');
    expect(() => confusionMatrix([0, 0], [0, -1], 2)).toThrow('prediction of example 1 is -1');
  });
});

describe('several labels for each example', () => {
  const truth = [
    [0, 0, 0],
    [1, 1, 1],
    [0, 1, 1],
  ];
  const predicted = [
    [0, 0, 0],
    [1, 1, 1],
    [1, 1, 0],
  ];

  test('as scikit-learn documents', () => {
    // F1 of the classes: 2/3, 1, 2/3.
    expect(multiLabelPrecisionRecallF1(truth, predicted, 'macro').f1).toBeCloseTo(7 / 9, 12);
    const micro = multiLabelPrecisionRecallF1(truth, predicted, 'micro');
    expect(micro).toEqual({ precision: 4 / 5, recall: 4 / 5, f1: 4 / 5 });
    const weighted = (2 / 3 + 2 * 1 + 2 * (2 / 3)) / 5;
    const result = multiLabelPrecisionRecallF1(truth, predicted, 'weighted');
    expect(result.f1).toBeCloseTo(weighted, 12);
    expect(subsetAccuracy(truth, predicted)).toBeCloseTo(2 / 3, 12);
  });

  test('no labels at all give 0', () => {
    const none = { precision: 0, recall: 0, f1: 0 };
    for (const average of ['micro', 'macro', 'weighted'] as const) {
      expect(multiLabelPrecisionRecallF1([[0, 0]], [[0, 0]], average)).toEqual(none);
    }
  });

  test('rows of other widths are refused', () => {
    expect(() => subsetAccuracy([[1, 0]], [[1]])).toThrow('Example 0 has 2 labels and 1');
    expect(() => multiLabelPrecisionRecallF1([[1], [1, 0]], [[1], [1, 0]], 'micro')).toThrow(
      'Example 1 has 2 labels and 2 predictions; each needs 1',
    );
  });
});

describe('laws', () => {
  const NUM_CLASSES = 4;
  const classes = fc.nat(NUM_CLASSES - 1);
  const pairs = fc.array(fc.tuple(classes, classes), { minLength: 1, maxLength: 50 });
  const split = (all: [number, number][]) => ({
    labels: all.map(([label]) => label),
    predictions: all.map(([, prediction]) => prediction),
  });
  const averages = ['macro', 'micro', 'weighted'] as const;

  test('micro scores of one label each and the weighted recall are the accuracy', () => {
    fc.assert(
      fc.property(pairs, (all) => {
        const { labels, predictions } = split(all);
        const matrix = confusionMatrix(labels, predictions, NUM_CLASSES);
        const expected = accuracy(labels, predictions);
        const micro = precisionRecallF1(matrix, 'micro');
        for (const score of Object.values(micro)) expect(score).toBeCloseTo(expected, 12);
        expect(precisionRecallF1(matrix, 'weighted').recall).toBeCloseTo(expected, 12);
      }),
    );
  });

  test('scores are in [0, 1], 1 for perfect predictions, and do not depend on the order', () => {
    fc.assert(
      fc.property(pairs, (all) => {
        const { labels, predictions } = split(all);
        const matrix = confusionMatrix(labels, predictions, NUM_CLASSES);
        const perfect = confusionMatrix(labels, labels, NUM_CLASSES);
        const reversed = split([...all].reverse());
        expect(confusionMatrix(reversed.labels, reversed.predictions, NUM_CLASSES)).toEqual(matrix);
        expect(balancedAccuracy(perfect)).toBe(1);
        for (const average of averages) {
          for (const score of Object.values(precisionRecallF1(matrix, average))) {
            expect(score).toBeGreaterThanOrEqual(0);
            expect(score).toBeLessThanOrEqual(1);
          }
          for (const score of Object.values(precisionRecallF1(perfect, average))) {
            expect(score).toBeCloseTo(1, 12);
          }
        }
      }),
    );
  });

  test('F1 is the harmonic mean of precision and recall', () => {
    fc.assert(
      fc.property(pairs, (all) => {
        const { labels, predictions } = split(all);
        for (const row of classMetrics(confusionMatrix(labels, predictions, NUM_CLASSES))) {
          const { precision, recall, f1 } = row;
          const total = precision + recall;
          expect(f1).toBeCloseTo(total === 0 ? 0 : (2 * precision * recall) / total, 12);
        }
      }),
    );
  });

  test('one-hot sets give what single labels give', () => {
    const oneHot = (c: number) => Array.from({ length: NUM_CLASSES }, (_, i) => i === c);
    fc.assert(
      fc.property(pairs, (all) => {
        const { labels, predictions } = split(all);
        const sets = [labels.map(oneHot), predictions.map(oneHot)] as const;
        const matrix = confusionMatrix(labels, predictions, NUM_CLASSES);
        expect(subsetAccuracy(...sets)).toBeCloseTo(accuracy(labels, predictions), 12);
        for (const average of ['micro', 'weighted'] as const) {
          const single = precisionRecallF1(matrix, average);
          expect(multiLabelPrecisionRecallF1(...sets, average).f1).toBeCloseTo(single.f1, 12);
        }
      }),
    );
  });
});
