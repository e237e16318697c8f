import type { TrainingWarning } from '../core/warnings.ts';
import { collectExamples, type TextExamples } from '../data/collectExamples.ts';
import { type FileSource, isFileSource } from '../storage/fileSource.ts';
import type { ExampleFileOptions } from './fileOptions.ts';

/**
 * Labelled texts: a list, an AsyncIterable, or a file of them by its path, its address, or as a File or
 * Blob. A string is always a path or an address.
 */
export type ExampleSource = TextExamples | FileSource;

export interface OpenExamplesOptions extends ExampleFileOptions {
  /** What is being done, for messages: `Training`. */
  readonly what: string;
  readonly signal?: AbortSignal | undefined;
}

export interface OpenedExamples {
  /** Those of a file; what was passed itself is still to be checked. */
  readonly examples: unknown;
  readonly warnings: readonly TrainingWarning[];
}

/**
 * Reads the examples that a task was given. Rows of a file that cannot be used are left out, with a
 * warning.
 *
 * @param where who asks, for messages: `TextClassifier.train`.
 * @throws AnyformerError `INVALID_DATA` for a file that has no examples, or no columns for them, and as
 *   {@link openTable}.
 *
 * @example
 * const { examples, warnings } = await openExamples('mails.csv', where, { what: 'Training' });
 */
export async function openExamples(
  source: unknown,
  where: string,
  { what, signal, ...file }: OpenExamplesOptions,
): Promise<OpenedExamples> {
  if (!isFileSource(source)) {
    return { examples: await collectExamples(source, what, signal), warnings: [] };
  }
  const { readExampleFile } = await import('./readDataFile.ts');
  return readExampleFile(source, where, { ...file, signal });
}
