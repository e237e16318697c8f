import { runtime } from '#runtime';
import { AnyformerError, show } from '../core/errors.ts';
import { naming } from '../data/naming.ts';
import { type UnpackedTable, unpackTable } from '../data/unpackTable.ts';
import type { FileSource } from '../storage/fileSource.ts';
import { readFile } from '../storage/readFile.ts';

export interface OpenTableOptions {
  /** Takes the place of what the file's name says. */
  readonly format?: string | undefined;
  /** Formats to look for in a zip archive. Default: all. */
  readonly useful?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What to pass for a text itself, for the message: `[text]`. */
  readonly textItself: string;
}

/** Formats of tables with columns of names. */
export const COLUMN_FORMATS: readonly string[] = ['csv', 'tsv', 'json', 'jsonl', 'ndjson'];

/** Longer than any path. */
const LONGEST_PATH = 1000;

/**
 * Opens a file of data by the means of this host, unpacks it, and gives what `parse` makes of it.
 *
 * @param source a path (on a page: fetched), an address, a File or Blob, or bytes.
 * @throws AnyformerError `INVALID_ARGUMENT` for a text instead of a path and for an unknown format;
 *   `STORAGE` for a file that is not there; `INVALID_FILE` for a torn archive; `INVALID_DATA`, naming the
 *   file, for what cannot be used.
 */
export async function openTable<T>(
  source: FileSource,
  where: string,
  { signal, textItself, ...options }: OpenTableOptions,
  parse: (table: UnpackedTable) => Promise<T>,
): Promise<T> {
  const isText =
    typeof source === 'string' && (source.length > LONGEST_PATH || /[\n\r]/.test(source));
  const advice = `A string is a path or an address; pass ${textItself} for the text itself.`;
  if (isText) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `${where} received the text ${show(source.replace(/\s+/g, ' '))}. ${advice}`,
    );
  }
  const file = await readFile(source, runtime, signal).catch((error: unknown) => {
    // What looks like a sentence may be one.
    if (!isMissing(error) || typeof source !== 'string' || !/\s/.test(source)) throw error;
    throw new AnyformerError(error.code, `${error.message} ${advice}`, { cause: error });
  });
  const table = await unpackTable(file, options);
  return naming(table.location, () => parse(table));
}

const isMissing = (error: unknown): error is AnyformerError =>
  error instanceof AnyformerError && error.code === 'STORAGE';
