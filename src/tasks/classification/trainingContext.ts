import type { TextExample } from '../../data/labels.ts';
import { groupRepeats } from '../../data/repeats.ts';
import type { TrainingOptions } from '../../train/trainingOptions.ts';
import type { ParsedClassifierOptions } from '../classifierOptions.ts';
import type { Slow, TaskLifecycle } from '../taskLifecycle.ts';
import type { ClassifierParts } from './classifierModel.ts';
import { type Division, foldDivision, shareDivision, splitDivision } from './heldOut.ts';
import type { Targets } from './targets.ts';

/** What one call of `TextClassifier.train` works with. */
export interface TrainingRequest {
  readonly life: TaskLifecycle<ClassifierParts>;
  readonly options: ParsedClassifierOptions;
  /** What the user said of the training loop. */
  readonly training: TrainingOptions;
  readonly labels: readonly string[];
  readonly examples: readonly TextExample[];
  readonly targets: Targets;
  readonly validation:
    | { readonly examples: readonly TextExample[]; readonly targets: Targets }
    | undefined;
  /** Undefined: it follows from the data. */
  readonly validationSplit: number | undefined;
  readonly seed: number;
}

const EVALUATION = [
  'evalStrategy',
  'evalSteps',
  'metricForBestModel',
  'greaterIsBetter',
  'loadBestModelAtEnd',
  'earlyStoppingPatience',
] as const;

/** The request, and what follows from it: rows are the examples, then those of `validationData`. */
export class TrainingContext {
  readonly texts: readonly string[];
  readonly examples: readonly TextExample[];
  readonly targets: Targets;
  readonly labels: readonly string[];
  readonly multiLabel: boolean;
  readonly slow: Slow;
  /** Different texts to learn from. */
  readonly distinct: number;
  /** Examples to learn from, and to choose held-out rows among. */
  readonly count: number;

  constructor(readonly request: TrainingRequest) {
    const { examples, validation, targets, labels, options, life, training } = request;
    this.examples = validation ? [...examples, ...validation.examples] : examples;
    this.texts = this.examples.map(({ text }) => text);
    this.targets = validation ? joined(targets, validation.targets) : targets;
    this.labels = labels;
    this.multiLabel = options.multiLabel;
    this.slow = life.slowOf(training);
    this.count = examples.length;
    this.distinct = new Set(groupRepeats(this.texts.slice(0, this.count))).size;
  }

  /**
   * Which rows are measured: `validationData`, or a share of the examples; where the user does not
   * say, folds for what is quick and a share for what is slow. Undefined: none.
   */
  division(speed: 'quick' | 'slow'): Division | undefined {
    const { validation, validationSplit, examples, seed } = this.request;
    if (validation) {
      const folds = new Int32Array(this.examples.length).fill(0, this.count);
      return { method: 'validationData', folds: folds.fill(-1, 0, this.count), foldCount: 1 };
    }
    if (validationSplit === 0) return undefined;
    if (validationSplit !== undefined) return shareDivision(examples, validationSplit, seed);
    if (speed === 'quick') return foldDivision(examples, this.distinct, seed);
    const division = splitDivision(examples, this.distinct, seed);
    const isFolded = division?.method === 'cross-validation';
    // Who sets how to evaluate gets rows to evaluate on while it trains.
    return isFolded && this.#setsEvaluation() ? shareDivision(examples, 0.2, seed) : division;
  }

  #setsEvaluation(): boolean {
    const { training } = this.request;
    return (
      training.evalStrategy !== 'no' && EVALUATION.some((name) => training[name] !== undefined)
    );
  }

  /** Folds among the examples to learn from, for what is chosen by cross-validation. */
  innerFolds(): Division | undefined {
    return foldDivision(this.request.examples, this.distinct, this.request.seed);
  }
}

function joined(a: Targets, b: Targets): Targets {
  const both =
    a instanceof Int32Array
      ? new Int32Array(a.length + b.length)
      : new Float32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
