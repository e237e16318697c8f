import { AnyformerError, show } from '../core/errors.ts';
import { readJson, readJsonl } from './readJson.ts';
import type { OnProblem, TableRow } from './table.ts';
import { type TextSource, textLines } from './textChunks.ts';

// Its parser is loaded by those who have such a file.
const loadCsvReader = async () => (await import('./readCsv.ts')).readCsv;

const READERS = {
  csv: loadCsvReader,
  tsv: loadCsvReader,
  jsonl: () => readJsonl,
  ndjson: () => readJsonl,
  json: () => readJson,
  txt: () => readLines,
} as const;

/** The names of the formats, which are the endings of files. */
export const TABLE_FORMATS: readonly string[] = Object.keys(READERS);

export interface ReadTableOptions {
  /** `csv`, `tsv`, `jsonl`, `ndjson`, `json` or `txt`: the ending of the file's name. */
  readonly format: string;
  /** Of a csv; found out from its header where it is left out. */
  readonly delimiter?: string | undefined;
  readonly onProblem: OnProblem;
}

/**
 * Reads a table of any known format; a `txt` is one of the one column `text`.
 * @throws AnyformerError `INVALID_ARGUMENT` for an unknown one.
 *
 * @example
 * for await (const { row, values } of await readTable(text, { format: 'tsv', onProblem })) use(values);
 */
export async function readTable(
  source: TextSource,
  { format, delimiter, onProblem }: ReadTableOptions,
): Promise<AsyncIterable<TableRow>> {
  if (!Object.hasOwn(READERS, format)) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `format ${show(format)} is not known; known are ${TABLE_FORMATS.join(', ')}.`,
    );
  }
  const read = await READERS[format as keyof typeof READERS]();
  return read(source, {
    onProblem,
    delimiter: delimiter ?? (format === 'tsv' ? '\t' : undefined),
  });
}

/** Each line that is not blank is a text. */
async function* readLines(source: TextSource): AsyncGenerator<TableRow> {
  for await (const { line, text } of textLines(source)) {
    if (text.trim() !== '') yield { row: line, values: { text } };
  }
}
