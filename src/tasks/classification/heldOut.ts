import { AnyformerError } from '../../core/errors.ts';
import { majorityOf } from '../../data/inspectExamples.ts';
import type { TextExample } from '../../data/labels.ts';
import { foldsOf, splitExamples } from '../../data/split.ts';
import { expectedCalibrationError, wilsonInterval } from '../../train/calibration.ts';
import { type ClassificationReport, classificationReport } from '../classificationReport.ts';
import { labelProbabilities } from '../labelScores.ts';
import { type Targets, targetsAt } from './targets.ts';

/** How a classifier does on rows it has not learned from. Shares are from 0 to 1. */
export interface HeldOutResult {
  /**
   * `cross-validation`: each row by a model trained on the other folds, while the model that is kept
   * has learned from all rows. `split`: rows that were held out. `validationData`: those given.
   */
  readonly method: 'cross-validation' | 'split' | 'validationData';
  readonly folds: number | undefined;
  readonly examples: number;
  readonly accuracy: number;
  /** The 95 % confidence interval of `accuracy`. */
  readonly accuracyInterval: readonly [low: number, high: number];
  /** The most frequent label, and how often it is right on these rows. */
  readonly majority: { readonly label: string; readonly accuracy: number };
  /** The n-gram model on the same rows: the yardstick. */
  readonly ngrams: { readonly accuracy: number } | undefined;
  /** Expected calibration error: how far scores are from the share that is right. */
  readonly calibrationError: number;
  readonly report: ClassificationReport;
  /** The answer for each of these rows, so that the wrong ones can be shown. */
  readonly predictions: readonly HeldOutPrediction[];
}

/** What a model says of a row that it has not learned from. */
export interface HeldOutPrediction {
  /** The row's index in the examples, or in `validationData` where that was given. */
  readonly example: number;
  /** Its label; with `multiLabel` its labels. */
  readonly label: string | readonly string[];
  /** The probability of the label; with `multiLabel` that of the decision that is least sure. */
  readonly score: number;
}

/** Which rows are measured, and by which models. */
export interface Division {
  readonly method: HeldOutResult['method'];
  /** (N) -1 for rows that are learned from only; otherwise the fold in which a row is measured. */
  readonly folds: Int32Array;
  readonly foldCount: number;
}

/** Fewer different texts than this tell nothing. */
const FEWEST = 8;
/** Up to so many rows a split would leave too few on both sides. */
const FEW = 200;
const SOME = 1000;
const MANY = 5000;
const MOST_HELD_OUT = 2000;
/** Each fold is a training. */
const FOLDS_OF_SLOW = 4;

/** Folds for cross-validation of something quick; undefined where there are too few texts. */
export function foldDivision(
  examples: readonly TextExample[],
  texts: number,
  seed: number,
  most = examples.length < SOME ? 10 : examples.length < MANY ? 5 : 3,
): Division | undefined {
  if (texts < FEWEST) return undefined;
  const foldCount = Math.min(texts, most);
  const folds = foldsOf(examples, { folds: foldCount, seed });
  return { method: 'cross-validation', folds, foldCount };
}

/** Rows to hold out of something slow: folds where they are few, else a fifth to a tenth. */
export function splitDivision(
  examples: readonly TextExample[],
  texts: number,
  seed: number,
): Division | undefined {
  if (examples.length < FEW || texts < FEWEST) {
    return foldDivision(examples, texts, seed, FOLDS_OF_SLOW);
  }
  const share = examples.length < SOME ? 0.2 : Math.min(0.1, MOST_HELD_OUT / examples.length);
  return shareIfAny(examples, share, seed);
}

/** As {@link shareDivision}, for a share nobody asked for: undefined where no label can spare a text. */
export function shareIfAny(
  examples: readonly TextExample[],
  share: number,
  seed: number,
): Division | undefined {
  try {
    return shareDivision(examples, share, seed);
  } catch (error) {
    if (error instanceof AnyformerError && error.code === 'INVALID_DATA') return undefined;
    throw error;
  }
}

export function shareDivision(
  examples: readonly TextExample[],
  validationSplit: number,
  seed: number,
): Division {
  const folds = new Int32Array(examples.length).fill(-1);
  for (const row of splitExamples(examples, { validationSplit, seed }).validation) folds[row] = 0;
  return { method: 'split', folds, foldCount: 1 };
}

/** The rows of a fold, or with `fold` undefined of all folds. */
export function rowsOf({ folds }: Division, fold?: number): Int32Array {
  const all = Int32Array.from(folds, (_, row) => row);
  return all.filter((row) => (fold === undefined ? folds[row]! >= 0 : folds[row] === fold));
}

export interface Measured {
  readonly division: Division;
  /** The rows that were measured, and their logits by the model and by n-grams alone. */
  readonly rows: Int32Array;
  readonly logits: readonly Float32Array[];
  readonly ngrams: readonly Float32Array[] | undefined;
}

/** Sums up what was measured on held-out rows. */
export function heldOutResult(
  { division, rows, logits, ngrams }: Measured,
  examples: readonly TextExample[],
  targets: Targets,
  labels: readonly string[],
  multiLabel: boolean,
): HeldOutResult {
  const truth = targetsAt(targets, rows, labels.length);
  const report = classificationReport(logits, truth, labels, multiLabel);
  const majority = majorityOf(Array.from(rows, (row) => examples[row]!));
  const { confidences, correct } = confidencesOf(logits, truth, multiLabel);
  return {
    method: division.method,
    folds: division.method === 'cross-validation' ? division.foldCount : undefined,
    examples: rows.length,
    accuracy: report.accuracy,
    accuracyInterval: wilsonInterval(Math.round(report.accuracy * rows.length), rows.length),
    majority: { label: majority.label, accuracy: majority.count / rows.length },
    ngrams: ngrams && {
      accuracy: classificationReport(ngrams, truth, labels, multiLabel).accuracy,
    },
    calibrationError: expectedCalibrationError(confidences, correct),
    report,
    predictions: predictionsOf(division, rows, logits, labels, multiLabel),
  };
}

function predictionsOf(
  { method }: Division,
  rows: Int32Array,
  logits: readonly Float32Array[],
  labels: readonly string[],
  multiLabel: boolean,
): HeldOutPrediction[] {
  // The rows of validationData stand behind all others.
  const before = method === 'validationData' ? rows[0]! : 0;
  return logits.map((row, n) => {
    const probabilities = labelProbabilities(row, multiLabel);
    const example = rows[n]! - before;
    if (!multiLabel) {
      const score = Math.max(...probabilities);
      return { example, label: labels[probabilities.indexOf(score)]!, score };
    }
    return {
      example,
      label: labels.filter((_, c) => probabilities[c]! > 0.5),
      score: Math.min(...probabilities.map((p) => Math.max(p, 1 - p))),
    };
  });
}

/** The score of each answer and whether it is right; with several labels, of each decision. */
function confidencesOf(logits: readonly Float32Array[], targets: Targets, multiLabel: boolean) {
  const confidences: number[] = [];
  const correct: boolean[] = [];
  for (const [n, row] of logits.entries()) {
    const probabilities = labelProbabilities(row, multiLabel);
    if (multiLabel) {
      for (const [c, probability] of probabilities.entries()) {
        const holds = probability > 0.5;
        confidences.push(holds ? probability : 1 - probability);
        correct.push(holds === (targets[n * row.length + c] === 1));
      }
    } else {
      const confidence = Math.max(...probabilities);
      confidences.push(confidence);
      correct.push(probabilities.indexOf(confidence) === targets[n]);
    }
  }
  return { confidences, correct };
}
