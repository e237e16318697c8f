import type { TrainingWarning } from '../../core/warnings.ts';
import type { TrainingResult } from '../../train/trainer.ts';
import { dataWarnings, divergenceWarnings, guessingWarning } from '../dataWarnings.ts';
import { type HeldOutResult, heldOutResult, type Measured } from './heldOut.ts';
import type { TrainingContext } from './trainingContext.ts';

/** What a training came to. */
export interface Outcome {
  readonly training: TrainingResult;
  readonly measured: Measured | undefined;
  readonly choice: ModelChosen;
  readonly warnings: readonly TrainingWarning[];
  readonly used: Readonly<Record<string, unknown>>;
}

/** Which model a classifier has, and why. */
export interface ModelChosen {
  /** 'ngrams', 'transformer', 'bert', or both: 'ngrams and transformer'. */
  readonly encoder: string;
  /** In plain words. */
  readonly reason: string;
}

/** How the training of a classifier went. */
export interface ClassifierTrainingResult extends TrainingResult {
  /** How good it is on rows it has not learned from; undefined where none were held out. */
  readonly heldOut: HeldOutResult | undefined;
  readonly choice: ModelChosen;
  /** The sizes and training options that were used, given or not. */
  readonly used: Readonly<Record<string, unknown>>;
}

export function resultOf(context: TrainingContext, outcome: Outcome): ClassifierTrainingResult {
  const { request, examples, targets, labels, multiLabel } = context;
  const { training, measured, choice, used } = outcome;
  const heldOut = measured && heldOutResult(measured, examples, targets, labels, multiLabel);
  const guess = multiLabel ? Math.LN2 : Math.log(labels.length);
  const guessing = heldOut && guessingWarning(heldOut);
  return {
    ...training,
    heldOut,
    warnings: [
      ...training.warnings,
      ...dataWarnings({
        examples: request.examples,
        labels,
        validationData: request.validation?.examples,
      }),
      ...divergenceWarnings(training.trainLoss, guess, request.training),
      ...(guessing ? [guessing] : []),
      ...outcome.warnings,
    ],
    choice,
    used,
  };
}
