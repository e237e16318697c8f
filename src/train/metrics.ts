import { AnyformerError } from '../core/errors.ts';

/** Class indices, from 0, one for each example. */
export type ClassIndices = ArrayLike<number>;

/** How the classes' scores become one: see {@link precisionRecallF1}. */
export type Average = 'binary' | 'macro' | 'micro' | 'weighted';

export interface PrecisionRecallF1 {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** Precision, recall and F1 of one class, as scikit-learn defines them. */
export interface ClassMetrics extends PrecisionRecallF1 {
  /** The number of examples that have this class as their true label. */
  readonly support: number;
}

/** A quotient whose denominator of 0 gives 0: scikit-learn's `zero_division=0`. */
const ratio = (numerator: number, denominator: number): number =>
  denominator === 0 ? 0 : numerator / denominator;

const sum = (values: readonly number[]): number => values.reduce((total, x) => total + x, 0);

function refuse(text: string): never {
  throw new AnyformerError('INVALID_ARGUMENT', text);
}

function checkLengths(labels: ArrayLike<unknown>, predictions: ArrayLike<unknown>): void {
  if (labels.length !== predictions.length) {
    refuse(`There are ${labels.length} labels and ${predictions.length} predictions; pass pairs.`);
  }
  if (labels.length === 0) refuse('There is nothing to measure; pass at least one example.');
}

/**
 * The share of predictions that are right: `correct / all`.
 *
 * @throws AnyformerError `INVALID_ARGUMENT` for no examples or lengths that differ.
 *
 * @example
 * accuracy([0, 1, 1], [0, 1, 0]); // 0.667
 */
export function accuracy(labels: ClassIndices, predictions: ClassIndices): number {
  checkLengths(labels, predictions);
  let correct = 0;
  for (let i = 0; i < labels.length; i++) correct += Number(labels[i] === predictions[i]);
  return correct / labels.length;
}

/**
 * Counts of (true class, predicted class): row `t`, column `p` has the examples of class `t` that
 * were taken for class `p`.
 *
 * @throws AnyformerError `INVALID_ARGUMENT` for a class that is not in [0, numClasses).
 *
 * @example
 * confusionMatrix([0, 1, 1], [0, 1, 0], 2); // [[1, 0], [1, 1]]
 */
export function confusionMatrix(
  labels: ClassIndices,
  predictions: ClassIndices,
  numClasses: number,
): number[][] {
  checkLengths(labels, predictions);
  const matrix = Array.from({ length: numClasses }, () => new Array<number>(numClasses).fill(0));
  for (let i = 0; i < labels.length; i++) {
    const row = matrix[labels[i]!] ?? refuse(classError('label', labels[i]!, i, numClasses));
    const column = predictions[i]!;
    if (row[column] === undefined) refuse(classError('prediction', column, i, numClasses));
    row[column]!++;
  }
  return matrix;
}

function classError(what: string, value: number, i: number, numClasses: number): string {
  return `The ${what} of example ${i} is ${value}, not a class from 0 to ${numClasses - 1}.`;
}

/**
 * The mean recall of the classes that have examples.
 *
 * @example
 * balancedAccuracy([[1, 0], [1, 1]]); // 0.75
 *
 * @see https://scikit-learn.org/stable/modules/model_evaluation.html#balanced-accuracy-score
 */
export function balancedAccuracy(matrix: readonly (readonly number[])[]): number {
  const present = classMetrics(matrix).filter(({ support }) => support > 0);
  return ratio(sum(present.map(({ recall }) => recall)), present.length);
}

/**
 * Precision `tp / (tp + fp)`, recall `tp / (tp + fn)` and F1 `2 tp / (2 tp + fp + fn)` of every class;
 * 0 where the denominator is 0.
 */
export function classMetrics(matrix: readonly (readonly number[])[]): ClassMetrics[] {
  return matrix.map((row, c) => {
    const predicted = sum(matrix.map((other) => other[c]!));
    return fromCounts(row[c]!, predicted, sum(row));
  });
}

function fromCounts(truePositives: number, predicted: number, support: number): ClassMetrics {
  return {
    precision: ratio(truePositives, predicted),
    recall: ratio(truePositives, support),
    f1: ratio(2 * truePositives, predicted + support),
    support,
  };
}

/**
 * Precision, recall and F1 over all classes, as scikit-learn's `precision_recall_fscore_support`:
 * - `binary`: those of `positiveClass`;
 * - `macro`: the mean over the classes that occur, as label or as prediction;
 * - `weighted`: the mean weighted by the classes' true examples;
 * - `micro`: of the counts summed over all classes, which for one label each is the accuracy.
 *
 * @param positiveClass for `binary`. Default: 1.
 * @throws AnyformerError `INVALID_ARGUMENT` for a positive class that does not exist.
 *
 * @example
 * precisionRecallF1(confusionMatrix(labels, predictions, 2), 'binary').f1;
 */
export function precisionRecallF1(
  matrix: readonly (readonly number[])[],
  average: Average,
  positiveClass = 1,
): PrecisionRecallF1 {
  const classes = classMetrics(matrix);
  if (average === 'binary') {
    const { precision, recall, f1 } =
      classes[positiveClass] ??
      refuse(`The positive class ${positiveClass} is not one from 0 to ${matrix.length - 1}.`);
    return { precision, recall, f1 };
  }
  if (average === 'micro') {
    const all = sum(classes.map(({ support }) => support));
    const { precision, recall, f1 } = fromCounts(sum(matrix.map((row, c) => row[c]!)), all, all);
    return { precision, recall, f1 };
  }
  // A class that never occurs says nothing: scikit-learn does not know it exists.
  const occurring = classes.filter(
    ({ support }, c) => support > 0 || matrix.some((row) => row[c]! > 0),
  );
  return averageOf(occurring, average);
}

function averageOf(
  classes: readonly ClassMetrics[],
  average: 'macro' | 'weighted',
): PrecisionRecallF1 {
  const weights = classes.map(({ support }) => (average === 'macro' ? 1 : support));
  const mean = (key: keyof PrecisionRecallF1) =>
    ratio(sum(classes.map((metrics, c) => metrics[key] * weights[c]!)), sum(weights));
  return { precision: mean('precision'), recall: mean('recall'), f1: mean('f1') };
}

/** For each example one 0 or 1 (or false or true) for each class. */
export type LabelSets = readonly ArrayLike<number | boolean>[];

/**
 * The share of examples whose labels are all right, as scikit-learn's `accuracy_score` has it for
 * several labels.
 *
 * @example
 * subsetAccuracy([[1, 0], [1, 1]], [[1, 0], [0, 1]]); // 0.5
 */
export function subsetAccuracy(labels: LabelSets, predictions: LabelSets): number {
  checkLengths(labels, predictions);
  let correct = 0;
  for (const [i, row] of labels.entries()) {
    checkWidth(row, predictions[i]!, i);
    correct += Number(Array.from(row).every((x, c) => Boolean(x) === Boolean(predictions[i]![c])));
  }
  return correct / labels.length;
}

/**
 * Precision, recall and F1 of several labels for each example: `micro` of the counts summed over
 * all classes, `macro` the mean over all classes, `weighted` by the classes' true examples.
 *
 * @example
 * multiLabelPrecisionRecallF1([[1, 0], [1, 1]], [[1, 0], [0, 1]], 'micro').recall; // 0.667
 */
export function multiLabelPrecisionRecallF1(
  labels: LabelSets,
  predictions: LabelSets,
  average: Exclude<Average, 'binary'>,
): PrecisionRecallF1 {
  checkLengths(labels, predictions);
  const numClasses = labels[0]!.length;
  const counts = Array.from({ length: numClasses }, () => ({ both: 0, predicted: 0, support: 0 }));
  for (const [i, row] of labels.entries()) {
    checkWidth(row, predictions[i]!, i, numClasses);
    for (const [c, count] of counts.entries()) {
      const isTrue = Boolean(row[c]);
      const isPredicted = Boolean(predictions[i]![c]);
      count.both += Number(isTrue && isPredicted);
      count.predicted += Number(isPredicted);
      count.support += Number(isTrue);
    }
  }
  if (average !== 'micro') {
    const classes = counts.map((count) => fromCounts(count.both, count.predicted, count.support));
    return averageOf(classes, average);
  }
  const total = (key: 'both' | 'predicted' | 'support') => sum(counts.map((count) => count[key]));
  const { precision, recall, f1 } = fromCounts(total('both'), total('predicted'), total('support'));
  return { precision, recall, f1 };
}

function checkWidth(
  row: ArrayLike<unknown>,
  predicted: ArrayLike<unknown>,
  i: number,
  numClasses = row.length,
): void {
  if (row.length === numClasses && predicted.length === numClasses) return;
  refuse(
    `Example ${i} has ${row.length} labels and ${predicted.length} predictions; each needs ${numClasses}, one for each class.`,
  );
}
