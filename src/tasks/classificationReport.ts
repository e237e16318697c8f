import {
  accuracy,
  balancedAccuracy,
  type ClassMetrics,
  classMetrics,
  confusionMatrix,
  multiLabelPrecisionRecallF1,
  precisionRecallF1,
  subsetAccuracy,
} from '../train/metrics.ts';

/**
 * How well a classifier does on labelled examples; definitions are scikit-learn's.
 *
 * `precision`, `recall` and `f1` are those of the second label where there are two (`spam` of ham
 * and spam), the mean over the labels (macro) where there are more, and over all decisions (micro)
 * with `multiLabel`.
 */
export interface ClassificationReport {
  /** How many were measured. */
  readonly examples: number;
  /** Mean cross-entropy, in nats. */
  readonly loss: number;
  /** The share that is right; with `multiLabel` right in every label. */
  readonly accuracy: number;
  /** The mean recall of the labels; undefined with `multiLabel`. */
  readonly balancedAccuracy: number | undefined;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly labels: readonly string[];
  /** Row: the true label, column: the predicted one. Undefined with `multiLabel`. */
  readonly confusionMatrix: readonly (readonly number[])[] | undefined;
  /** The same of each label on its own; undefined with `multiLabel`. */
  readonly perLabel: Readonly<Record<string, ClassMetrics>> | undefined;
}

/**
 * @param logits N rows of C outputs.
 * @param targets (N) class numbers, or (N, C) zeros and ones with `multiLabel`.
 */
export function classificationReport(
  logits: readonly Float32Array[],
  targets: Int32Array | Float32Array,
  labels: readonly string[],
  multiLabel: boolean,
): ClassificationReport {
  return multiLabel
    ? multiLabelReport(logits, targets, labels)
    : singleLabelReport(logits, targets, labels);
}

/** The numbers of a report, for the log and for `metricForBestModel`. */
export function numbersOf(report: ClassificationReport): Record<string, number> {
  const numbers = Object.entries(report).filter(([, value]) => typeof value === 'number');
  return Object.fromEntries(numbers) as Record<string, number>;
}

function singleLabelReport(
  logits: readonly Float32Array[],
  targets: ArrayLike<number>,
  labels: readonly string[],
): ClassificationReport {
  const predictions = logits.map(indexOfHighest);
  const matrix = confusionMatrix(targets, predictions, labels.length);
  const losses = logits.map((row, n) => softmaxLoss(row, targets[n]!));
  const perLabel = classMetrics(matrix);
  return {
    examples: logits.length,
    loss: mean(losses),
    accuracy: accuracy(targets, predictions),
    balancedAccuracy: balancedAccuracy(matrix),
    ...precisionRecallF1(matrix, labels.length === 2 ? 'binary' : 'macro'),
    labels,
    confusionMatrix: matrix,
    perLabel: Object.fromEntries(labels.map((label, c) => [label, perLabel[c]!])),
  };
}

function multiLabelReport(
  logits: readonly Float32Array[],
  targets: Int32Array | Float32Array,
  labels: readonly string[],
): ClassificationReport {
  const C = labels.length;
  const truth = logits.map((_, n) => targets.subarray(n * C, (n + 1) * C));
  // A probability of one half is a logit of 0.
  const predictions = logits.map((row) => Array.from(row, (logit) => logit > 0));
  const losses = logits.flatMap((row, n) =>
    Array.from(row, (logit, c) => sigmoidLoss(logit, truth[n]![c]!)),
  );
  return {
    examples: logits.length,
    loss: mean(losses),
    accuracy: subsetAccuracy(truth, predictions),
    balancedAccuracy: undefined,
    ...multiLabelPrecisionRecallF1(truth, predictions, 'micro'),
    labels,
    confusionMatrix: undefined,
    perLabel: undefined,
  };
}

/**
 * Mean cross-entropy of logits, in nats: over rows, or over rows and labels with `multiLabel`.
 *
 * @param logits N rows of C outputs.
 * @param targets (N) class numbers, or (N, C) zeros and ones.
 */
export function meanLoss(
  logits: readonly Float32Array[],
  targets: ArrayLike<number>,
  multiLabel: boolean,
): number {
  if (!multiLabel) return mean(logits.map((row, n) => softmaxLoss(row, targets[n]!)));
  return mean(
    logits.flatMap((row, n) =>
      Array.from(row, (logit, c) => sigmoidLoss(logit, targets[n * row.length + c]!)),
    ),
  );
}

const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

function indexOfHighest(row: Float32Array): number {
  let highest = 0;
  for (let c = 1; c < row.length; c++) if (row[c]! > row[highest]!) highest = c;
  return highest;
}

/** log sum e^z - z[label] */
function softmaxLoss(row: Float32Array, label: number): number {
  const highest = row[indexOfHighest(row)]!;
  const sum = row.reduce((total, z) => total + Math.exp(z - highest), 0);
  return highest + Math.log(sum) - row[label]!;
}

/** max(z, 0) - z y + log(1 + e^-|z|) */
function sigmoidLoss(logit: number, target: number): number {
  return Math.max(logit, 0) - logit * target + Math.log1p(Math.exp(-Math.abs(logit)));
}
