import * as v from 'valibot';
import { AnyformerError } from '../core/errors.ts';
import { abortSignal, callback, fraction, parseOptions, positiveInteger } from '../core/options.ts';
import type { OnProgress } from '../core/progress.ts';
import {
  resolveTrainingOptions,
  type TrainingOptions,
  trainingOptionEntries,
} from '../train/trainingOptions.ts';
import { type FileEntries, type FileOptions, splitOptions } from './fileOptions.ts';

export const evaluateEntries = {
  batchSize: v.optional(positiveInteger, 32),
  signal: v.optional(abortSignal),
  onProgress: v.optional(callback<OnProgress>()),
};

/** What to validate on while training. */
interface Validation<Data> {
  validationData?: Data;
  validationSplit?: number;
}

/**
 * Checks what `train` of a task adds to the options of the loop, and the loop's names with it.
 *
 * @param data what its `validationData` must be.
 * @param fileEntries the options that say how a file is read.
 * @param holdsOutByDefault whether examples are held out where the options do not say.
 */
export function parseTaskTraining<Data, File extends FileOptions>(
  where: string,
  data: v.GenericSchema,
  fileEntries: FileEntries<File>,
  options: (TrainingOptions & Validation<Data> & File) | undefined,
  { holdsOutByDefault = false } = {},
) {
  const schema = v.strictObject({
    ...trainingOptionEntries,
    ...fileEntries,
    validationData: v.optional(data),
    validationSplit: v.optional(fraction),
  });
  parseOptions(where, schema, options);
  const { file, rest } = splitOptions<File, TrainingOptions & Validation<Data>>(
    fileEntries,
    options,
  );
  const { validationData, validationSplit = 0, ...training } = rest;
  if (validationData !== undefined && validationSplit > 0) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `${where}: validationData and validationSplit ${validationSplit} both say what to validate on; pass one of them.`,
    );
  }
  // What does not go together is refused here, before a vocabulary is learned.
  const holdsOut = rest.validationSplit === undefined && holdsOutByDefault;
  const willEvaluate = validationData !== undefined || validationSplit > 0 || holdsOut;
  const { seed } = resolveTrainingOptions(where, training, willEvaluate);
  return { validationData, validationSplit, training, seed, file };
}
