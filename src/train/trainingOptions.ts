import * as v from 'valibot';
import { AnyformerError, show } from '../core/errors.ts';
import {
  abortSignal,
  callback,
  fraction,
  integer,
  nonNegativeInteger,
  nonNegativeNumber,
  parseOptions,
  positiveInteger,
  positiveNumber,
} from '../core/options.ts';
import type { OnProgress } from '../core/progress.ts';
import type { StorageTarget } from '../storage/openStorage.ts';
import { type OptimizerName, optimizerNames } from './optimizers/createOptimizer.ts';
import { type LrSchedulerType, lrSchedulerTypes } from './schedules.ts';

/** When to evaluate or save: never, after a number of updates, or after each epoch. */
const strategies = ['no', 'steps', 'epoch'] as const;
export type Strategy = (typeof strategies)[number];

const oneOf = <const T extends readonly string[]>(names: T) =>
  v.picklist(names, `one of '${names.join("', '")}'`);

const trueOrFalse = v.boolean('true or false');

/** Its kind is checked when it is opened. */
const storageTarget = v.custom<StorageTarget>(
  (x) => (typeof x === 'string' && x !== '') || (typeof x === 'object' && x !== null),
  'a path or an address, a Map of names to bytes, a bucket or a Storage',
);

/**
 * The options of the training loop.
 *
 * Their names are those of TensorFlow.js's `fit` where it has them, otherwise those of Hugging
 * Face's TrainingArguments in camelCase.
 *
 * @see https://huggingface.co/docs/transformers/main_classes/trainer#transformers.TrainingArguments
 */
export interface TrainingOptions {
  /** The number of passes over the training data. Default: 1. Use `maxSteps` or this. */
  epochs?: number | undefined;
  /** The total number of updates, instead of `epochs`. The data is repeated until then. */
  maxSteps?: number | undefined;
  /** The number of examples in a batch. Lower it when memory runs out. Default: 32. */
  batchSize?: number | undefined;
  /**
   * The number of batches whose gradients are added up for one update. `batchSize` 8 with 4 here
   * equals `batchSize` 32 and needs less memory. Default: 1.
   */
  gradientAccumulationSteps?: number | undefined;
  /** Whether to shuffle the examples before each epoch. Default: true. */
  shuffle?: boolean | undefined;
  /** Seed of shuffling and dropout, an integer. The same seed gives the same weights. Default: 42. */
  seed?: number | undefined;

  /**
   * Whether to keep only the inputs of the model's blocks and recompute the rest for the gradients.
   * It needs less memory and about a third more time; the weights are the same, bit for bit.
   * Default: false.
   */
  gradientCheckpointing?: boolean | undefined;

  /** The optimizer: how an update is computed from the gradients. Default: 'adamw'. */
  optimizer?: OptimizerName | undefined;
  /** The highest learning rate; the schedule scales it. Default: 0.001. */
  learningRate?: number | undefined;
  /** The weight decay. It leaves biases and normalization weights alone. Default: 0. */
  weightDecay?: number | undefined;
  /** Decay rate of the mean of the gradients. For 'adamw' and 'adam'. Default: 0.9. */
  adamBeta1?: number | undefined;
  /** Decay rate of the mean of the squared gradients. For 'adamw' and 'adam'. Default: 0.999. */
  adamBeta2?: number | undefined;
  /** Added to the denominator of the update. For 'adamw' and 'adam'. Default: 1e-8. */
  adamEpsilon?: number | undefined;
  /** Momentum, from 0 to 1. For 'sgd'. Default: 0. */
  momentum?: number | undefined;
  /** Whether to use Nesterov momentum; needs `momentum` above 0. For 'sgd'. Default: false. */
  nesterov?: boolean | undefined;
  /** Gradients are scaled down to this global norm when theirs is larger; 0 = never. Default: 1. */
  maxGradNorm?: number | undefined;

  /** How the learning rate changes during the training. Default: 'linear', falling to 0. */
  lrSchedulerType?: LrSchedulerType | undefined;
  /** The number of updates over which the learning rate rises from 0. Default: 0. */
  warmupSteps?: number | undefined;
  /** The same as a share of all updates, from 0 to 1. Default: 0. */
  warmupRatio?: number | undefined;

  /** The share of each target, from 0 to 1, that is spread evenly over all classes. Default: 0. */
  labelSmoothingFactor?: number | undefined;
  /**
   * The weight of each class in the loss, by label or class index, such as `{ spam: 3 }`. Raise it
   * for a rare class. Default: 1 each.
   */
  classWeight?: Record<string, number> | undefined;

  /** When to evaluate. Default: 'epoch' where there is something to evaluate on, otherwise 'no'. */
  evalStrategy?: Strategy | undefined;
  /** Updates between evaluations; makes `evalStrategy` 'steps'. Default: `loggingSteps`. */
  evalSteps?: number | undefined;
  /** The name of the metric that selects the best weights. Default: 'loss'. */
  metricForBestModel?: string | undefined;
  /**
   * Whether a greater `metricForBestModel` is better. Default: false for a name that ends in 'loss',
   * otherwise true.
   */
  greaterIsBetter?: boolean | undefined;
  /**
   * Whether to restore the best weights at the end. Default: true with `earlyStoppingPatience`,
   * otherwise false.
   */
  loadBestModelAtEnd?: boolean | undefined;
  /**
   * Training stops after this many evaluations in a row without a better metric. Default: it does
   * not stop early.
   */
  earlyStoppingPatience?: number | undefined;

  /** Where to save checkpoints. Each one replaces the one before. Default: none are saved. */
  outputDir?: StorageTarget | undefined;
  /** When to save a checkpoint. Default: 'epoch' with `outputDir`, otherwise 'no'. */
  saveStrategy?: Strategy | undefined;
  /** Updates between checkpoints; makes `saveStrategy` 'steps'. Default: 500. */
  saveSteps?: number | undefined;
  /**
   * Continues a training from a checkpoint, to the same weights bit for bit: `true` for the one in
   * `outputDir`, or the place of another. Default: false.
   */
  resumeFromCheckpoint?: boolean | StorageTarget | undefined;

  /** Updates between entries of the log. Default: 500. */
  loggingSteps?: number | undefined;
  /** Called after every update. */
  onProgress?: OnProgress | undefined;
  /**
   * Stops the training after the current update. With `outputDir` a checkpoint is saved first.
   */
  signal?: AbortSignal | undefined;
}

/** Their schema, for a task's to be extended with: `v.strictObject({ ...trainingOptionEntries, validationData: … })`. */
export const trainingOptionEntries = {
  epochs: v.optional(positiveInteger),
  maxSteps: v.optional(positiveInteger),
  batchSize: v.optional(positiveInteger, 32),
  gradientAccumulationSteps: v.optional(positiveInteger, 1),
  shuffle: v.optional(trueOrFalse, true),
  seed: v.optional(integer, 42),
  gradientCheckpointing: v.optional(trueOrFalse, false),
  optimizer: v.optional(oneOf(optimizerNames as [OptimizerName, ...OptimizerName[]]), 'adamw'),
  learningRate: v.optional(positiveNumber, 1e-3),
  weightDecay: v.optional(nonNegativeNumber, 0),
  adamBeta1: v.optional(fraction),
  adamBeta2: v.optional(fraction),
  adamEpsilon: v.optional(positiveNumber),
  momentum: v.optional(fraction),
  nesterov: v.optional(trueOrFalse),
  maxGradNorm: v.optional(nonNegativeNumber, 1),
  lrSchedulerType: v.optional(oneOf(lrSchedulerTypes), 'linear'),
  warmupSteps: v.optional(nonNegativeInteger),
  warmupRatio: v.optional(fraction),
  labelSmoothingFactor: v.optional(fraction, 0),
  classWeight: v.optional(v.record(v.string(), positiveNumber, 'an object of label to weight')),
  evalStrategy: v.optional(oneOf(strategies)),
  evalSteps: v.optional(positiveInteger),
  metricForBestModel: v.optional(v.string('the name of a metric')),
  greaterIsBetter: v.optional(trueOrFalse),
  loadBestModelAtEnd: v.optional(trueOrFalse),
  earlyStoppingPatience: v.optional(positiveInteger),
  outputDir: v.optional(storageTarget),
  saveStrategy: v.optional(oneOf(strategies)),
  saveSteps: v.optional(positiveInteger),
  resumeFromCheckpoint: v.optional(v.union([v.boolean(), storageTarget])),
  loggingSteps: v.optional(positiveInteger, 500),
  onProgress: v.optional(callback<OnProgress>()),
  signal: v.optional(abortSignal),
};

export const trainingOptionsSchema = v.strictObject(trainingOptionEntries);

/** Checked options with every default filled in. */
export type ResolvedTrainingOptions = ReturnType<typeof resolveTrainingOptions>;

/**
 * Checks training options and fills in the defaults that depend on other options.
 *
 * @param canEvaluate whether there is something to evaluate on.
 * @throws AnyformerError `UNKNOWN_OPTION`; `INVALID_ARGUMENT` for a bad value, and for an option that
 *   would have no effect beside the others.
 */
export function resolveTrainingOptions(where: string, options: unknown, canEvaluate: boolean) {
  const given = parseOptions(where, trainingOptionsSchema, options);
  checkLength(where, given);
  checkOptimizerOptions(where, given);
  checkScheduleOptions(where, given);
  const evaluation = resolveEvaluation(where, given, canEvaluate);
  const saving = resolveSaving(where, given);
  const metricForBestModel = given.metricForBestModel ?? 'loss';
  return {
    ...given,
    ...evaluation,
    ...saving,
    epochs: given.epochs ?? 1,
    adamBeta1: given.adamBeta1 ?? 0.9,
    adamBeta2: given.adamBeta2 ?? 0.999,
    adamEpsilon: given.adamEpsilon ?? 1e-8,
    momentum: given.momentum ?? 0,
    nesterov: given.nesterov ?? false,
    warmupSteps: given.warmupSteps ?? 0,
    warmupRatio: given.warmupRatio ?? 0,
    metricForBestModel,
    greaterIsBetter: given.greaterIsBetter ?? !metricForBestModel.endsWith('loss'),
    loadBestModelAtEnd: given.loadBestModelAtEnd ?? given.earlyStoppingPatience !== undefined,
  };
}

type Given = v.InferOutput<typeof trainingOptionsSchema>;

function refuse(where: string, text: string): never {
  throw new AnyformerError('INVALID_ARGUMENT', `${where}: ${text}`);
}

function checkLength(where: string, { epochs, maxSteps }: Given): void {
  if (epochs === undefined || maxSteps === undefined) return;
  refuse(where, `epochs ${epochs} and maxSteps ${maxSteps} both set the length; pass one of them.`);
}

function checkOptimizerOptions(where: string, given: Given): void {
  const owners = {
    adamBeta1: ['adamw', 'adam'],
    adamBeta2: ['adamw', 'adam'],
    adamEpsilon: ['adamw', 'adam'],
    momentum: ['sgd'],
    nesterov: ['sgd'],
  } as const;
  for (const [option, owner] of Object.entries(owners)) {
    const value = given[option as keyof typeof owners];
    if (value !== undefined && !(owner as readonly string[]).includes(given.optimizer)) {
      const known = owner.map(show).join(' and ');
      refuse(
        where,
        `${option} belongs to the optimizer ${known}, received optimizer ${show(given.optimizer)}; leave one of the two out.`,
      );
    }
  }
  if (given.nesterov && !given.momentum) {
    refuse(where, `nesterov needs a momentum above 0, received ${show(given.momentum)}.`);
  }
}

function checkScheduleOptions(where: string, given: Given): void {
  const { warmupSteps, warmupRatio, lrSchedulerType } = given;
  if (warmupSteps && warmupRatio) {
    refuse(
      where,
      `warmupSteps ${warmupSteps} and warmupRatio ${warmupRatio} both set the warm-up; pass one of them.`,
    );
  }
  if (lrSchedulerType === 'constant' && (warmupSteps || warmupRatio)) {
    refuse(
      where,
      "lrSchedulerType 'constant' has no warm-up; use 'constant_with_warmup', or leave the warm-up out.",
    );
  }
}

function resolveEvaluation(where: string, given: Given, canEvaluate: boolean) {
  const evalStrategy =
    given.evalStrategy ?? (given.evalSteps ? 'steps' : canEvaluate ? 'epoch' : 'no');
  if (evalStrategy !== 'no' && !canEvaluate) {
    refuse(
      where,
      `evalStrategy ${show(evalStrategy)} needs validationData or validationSplit, and there is none.`,
    );
  }
  if (given.evalSteps && evalStrategy !== 'steps') {
    refuse(where, `evalSteps needs evalStrategy 'steps', received ${show(evalStrategy)}.`);
  }
  if (evalStrategy === 'no') {
    for (const option of [
      'earlyStoppingPatience',
      'loadBestModelAtEnd',
      'metricForBestModel',
      'greaterIsBetter',
    ] as const) {
      if (given[option] === undefined || given[option] === false) continue;
      refuse(
        where,
        `${option} needs evaluations, and there are none; pass validationData and an evalStrategy other than 'no'.`,
      );
    }
  }
  return { evalStrategy, evalSteps: given.evalSteps ?? given.loggingSteps };
}

function resolveSaving(where: string, given: Given) {
  const hasOutput = given.outputDir !== undefined;
  const saveStrategy =
    given.saveStrategy ?? (given.saveSteps ? 'steps' : hasOutput ? 'epoch' : 'no');
  if (saveStrategy !== 'no' && !hasOutput) {
    refuse(where, `saveStrategy ${show(saveStrategy)} needs an outputDir, and there is none.`);
  }
  if (given.saveSteps && saveStrategy !== 'steps') {
    refuse(where, `saveSteps needs saveStrategy 'steps', received ${show(saveStrategy)}.`);
  }
  if (given.resumeFromCheckpoint === true && !hasOutput) {
    refuse(
      where,
      'resumeFromCheckpoint: true needs an outputDir to look in; pass it, or the checkpoint itself.',
    );
  }
  return { saveStrategy, saveSteps: given.saveSteps ?? 500 };
}
