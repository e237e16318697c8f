import * as v from 'valibot';
import { abortSignal, parseOptions } from '../core/options.ts';
import type { ExamplesFound } from '../data/parseExamples.ts';
import type { TextSource } from '../data/textChunks.ts';
import type { FileSource } from '../storage/fileSource.ts';
import { type ExampleFileOptions, eitherOption, exampleFileEntries } from './fileOptions.ts';
import type { TableSource } from './rowsOf.ts';

export interface ReadExamplesOptions extends ExampleFileOptions {
  /** The same as `textColumn`. */
  text?: string;
  /** The same as `labelColumn`. */
  label?: string;
  /** Between two fields of a csv. Default: found out from its header. */
  delimiter?: string | undefined;
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
 * Reads labelled texts from a file, or from rows. Rows that cannot be used are named in `problems`,
 * never dropped in silence, and `columns` tells which columns were read.
 *
 * @param source the path or address of a csv, tsv, json or jsonl, also gzipped (`.gz`) or in a `.zip`; a
 *   File, a Blob or bytes; rows, as objects; or with `format` the text itself in parts: `[text]`, a
 *   stream. A string is always a path or an address.
 * @param options which columns, where they are not to be found by name or content, and the format where
 *   the name does not tell.
 * @throws AnyformerError `INVALID_DATA` when a column is missing or not clear, or no row can be used;
 *   `INVALID_ARGUMENT` for an unknown format; `STORAGE` for a file that is not there; `INVALID_FILE` for
 *   a torn archive; `ABORTED` by the signal.
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
