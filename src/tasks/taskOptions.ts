import * as v from 'valibot';
import { AnyformerError } from '../core/errors.ts';
import { abortSignal, callback, fraction, parseOptions, positiveInteger } from '../core/options.ts';
import type { OnProgress } from '../core/progress.ts';
import {
  resolveTrainingOptions,
  type TrainingOptions,
  trainingOptionEntries,
} from '../train/trainingOptions.ts';

export const evaluateEntries = {
  batchSize: v.optional(positiveInteger, 32),
  signal: v.optional(abortSignal),
  onProgress: v.optional(callback<OnProgress>()),
};
export const evaluateSchema = v.strictObject(evaluateEntries);

/** What to validate on while training. */
interface Validation<Data> {
  validationData?: Data;
  validationSplit?: number;
}

/**
 * Checks what `train` of a task adds to the options of the loop, and the loop's names with it.
 *
 * @param data what its `validationData` must be.
 * @param holdsOutByDefault whether examples are held out where the options do not say.
 */
export function parseTaskTraining<Data>(
  where: string,
  data: v.GenericSchema,
  options: (TrainingOptions & Validation<Data>) | undefined,
  { holdsOutByDefault = false } = {},
) {
  const schema = v.strictObject({
    ...trainingOptionEntries,
    validationData: v.optional(data),
    validationSplit: v.optional(fraction),
  });
  const { seed } = parseOptions(where, schema, options);
  const { validationData, validationSplit = 0, ...training } = options ?? {};
  if (validationData !== undefined && validationSplit > 0) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `${where}: validationData and validationSplit ${validationSplit} both say what to validate on; pass one of them.`,
    );
  }
  // What does not go together is refused here, before a vocabulary is learned.
  const holdsOut = options?.validationSplit === undefined && holdsOutByDefault;
  const canEvaluate = validationData !== undefined || validationSplit > 0 || holdsOut;
  resolveTrainingOptions(where, training, canEvaluate);
  return { validationData, validationSplit, training, seed };
}
