import { AnyformerError, show } from '../core/errors.ts';
import { readJson, readJsonl } from './readJson.ts';
import type { OnProblem, TableRow } from './table.ts';
import type { TextSource } from './textChunks.ts';

// Its parser is loaded by those who have such a file.
const loadCsvReader = async () => (await import('./readCsv.ts')).readCsv;

const READERS = {
  csv: loadCsvReader,
  tsv: loadCsvReader,
  jsonl: () => readJsonl,
  ndjson: () => readJsonl,
  json: () => readJson,
} as const;

export interface ReadTableOptions {
  /** `csv`, `tsv`, `jsonl`, `ndjson` or `json`: the ending of the file's name. */
  readonly format: string;
  /** Of a csv; found out from its header where it is left out. */
  readonly delimiter?: string | undefined;
  readonly onProblem: OnProblem;
}

/**
 * Reads a table of any known format.
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
      `format ${show(format)} is not known; known are ${Object.keys(READERS).join(', ')}.`,
    );
  }
  const read = await READERS[format as keyof typeof READERS]();
  return read(source, {
    onProblem,
    delimiter: delimiter ?? (format === 'tsv' ? '\t' : undefined),
  });
}
