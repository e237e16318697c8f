import * as v from 'valibot';
import { abortSignal, parseOptions } from '../core/options.ts';
import type { ExamplesFound } from '../data/parseExamples.ts';
import type { TextSource } from '../data/textChunks.ts';
import type { FileSource } from '../storage/fileSource.ts';
import { type ExampleFileOptions, eitherOption, exampleFileEntries } from './fileOptions.ts';
import type { TableSource } from './rowsOf.ts';

/** The options of `readExamples`. */
export interface ReadExamplesOptions extends ExampleFileOptions {
  /** The same as `textColumn`. */
  text?: string;
  /** The same as `labelColumn`. */
  label?: string;
  /** The separator between the fields of a csv. Default: found from its header. */
  delimiter?: string | undefined;
  /** Stops reading with the error `ABORTED`. */
  signal?: AbortSignal;
}

const WHERE = 'readExamples';

const columnName = exampleFileEntries.textColumn;

const schema = v.strictObject({
  ...exampleFileEntries,
  text: columnName,
  label: columnName,
  delimiter: v.optional(v.string('a text such as a comma')),
  signal: v.optional(abortSignal),
});

/**
 * Reads labelled texts from a file or from rows. The result lists rows that cannot be used in
 * `problems`, and the columns that were read in `columns`.
 *
 * @param source the path or address of a csv, tsv, json or jsonl, also gzipped (`.gz`) or in a `.zip`; a
 *   File, a Blob or bytes; rows, as objects; or with `format` the text itself in parts: `[text]`, a
 *   stream. A string is always a path or an address.
 * @param options which columns to read, if their names or content do not show it, and the format, if
 *   the file's name does not.
 * @throws AnyformerError `INVALID_DATA` when a column is missing or ambiguous, or no row can be used;
 *   `INVALID_ARGUMENT` for an unknown format; `STORAGE` for a file that does not exist; `INVALID_FILE`
 *   for a corrupt archive; `ABORTED` after `signal`.
 *
 * @example
 * const { examples, problems, columns } = await readExamples('tickets.csv');
 * const { examples } = await readExamples([text], { format: 'csv', labelColumn: 'stars' });
 */
export async function readExamples(
  source: TableSource | FileSource | TextSource,
  options: ReadExamplesOptions = {},
): Promise<ExamplesFound> {
  const { text, label, delimiter, signal, ...file } = parseOptions(WHERE, schema, options);
  const asked = {
    text: eitherOption(WHERE, 'textColumn', file.textColumn, 'text', text),
    label: eitherOption(WHERE, 'labelColumn', file.labelColumn, 'label', label),
  };
  const { examplesOf } = await import('./readDataFile.ts');
  return examplesOf(source, WHERE, asked, { format: file.format, delimiter, signal });
}
