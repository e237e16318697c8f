import { AnyformerError } from '../core/errors.ts';
import type { TrainingWarning } from '../core/warnings.ts';
import { collectExamples, type TextExamples } from '../data/collectExamples.ts';
import { parseExamples } from '../data/parseExamples.ts';
import { rowsLeftOut } from '../data/rowsLeftOut.ts';
import { type FileSource, isFileSource } from '../storage/readFile.ts';
import type { ExampleFileOptions } from './fileOptions.ts';
import { COLUMN_FORMATS, openTable } from './openTable.ts';

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
  { what, signal, format, textColumn, labelColumn }: OpenExamplesOptions,
): Promise<OpenedExamples> {
  if (!isFileSource(source)) {
    return { examples: await collectExamples(source, what, signal), warnings: [] };
  }
  const opening = { format, signal, useful: COLUMN_FORMATS, textItself: '[{ text, label }, …]' };
  return openTable(source, where, opening, async ({ bytes, format, location }) => {
    checkLabels(format);
    const columns = { text: textColumn, label: labelColumn };
    const { examples, problems } = await parseExamples(bytes, { format, ...columns });
    return { examples, warnings: problems.length > 0 ? [rowsLeftOut(location, problems)] : [] };
  });
}

/** @throws AnyformerError `INVALID_DATA` for a format that has no labels. */
export function checkLabels(format: string): void {
  if (format !== 'txt') return;
  throw new AnyformerError(
    'INVALID_DATA',
    'A txt has texts without labels; pass a csv, tsv, json or jsonl with a text and a label in each row.',
  );
}
