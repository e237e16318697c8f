import { AnyformerError, show } from '../core/errors.ts';
import { gunzip, isGzip, unzipOne } from '../formats/unpack.ts';
import { TABLE_FORMATS } from './tableReaders.ts';

/** A file as it was opened. */
export interface PackedTable {
  /** Its ending tells the format; empty where there is no name. */
  readonly name: string;
  /** Where it is, for messages. */
  readonly location: string;
  /** The MIME type, which tells the format where the name does not. */
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** A table or text, unpacked. */
export interface UnpackedTable {
  readonly location: string;
  readonly format: string;
  readonly bytes: Uint8Array;
}

export interface UnpackTableOptions {
  /** Takes the place of what the name says. */
  readonly format?: string | undefined;
  /** Formats that are of use, of those that there are. Default: all. */
  readonly useful?: readonly string[] | undefined;
  readonly maxBytes?: number | undefined;
}

const TYPES: Readonly<Record<string, string>> = {
  'text/csv': 'csv',
  'text/tab-separated-values': 'tsv',
  'application/json': 'json',
  'application/jsonl': 'jsonl',
  'application/x-jsonlines': 'jsonl',
  'application/x-ndjson': 'ndjson',
  'text/plain': 'txt',
  'application/zip': 'zip',
  'application/x-zip-compressed': 'zip',
};

/**
 * Finds the format of a file, and unpacks it where it is gzipped or in a zip archive: the first file of
 * a useful format then.
 *
 * @throws AnyformerError `INVALID_DATA` for an empty file and an archive with nothing of use,
 *   `INVALID_ARGUMENT` for an unknown format, `INVALID_FILE` for one that is torn or too large.
 *
 * @example
 * const { format, bytes } = await unpackTable({ name: 'mails.csv.gz', location, type: '', bytes });
 */
export async function unpackTable(
  { name, location, type, bytes }: PackedTable,
  options: UnpackTableOptions = {},
): Promise<UnpackedTable> {
  if (options.format !== undefined) checkFormat(options.format, location);
  if (bytes.length === 0) throw emptyFile(location);
  const unpacked = { name: location, maxBytes: options.maxBytes };
  if (endingOf(name) === 'zip' || (endingOf(name) === undefined && TYPES[type] === 'zip')) {
    const useful = options.format ? [options.format] : (options.useful ?? TABLE_FORMATS);
    const inner = await unzipOne(bytes, (names) => chooseFile(names, useful, options), unpacked);
    const inside = { name: inner.name, location: `${inner.name} in ${location}`, type: '' };
    return unpackTable({ ...inside, bytes: inner.bytes }, options);
  }
  // A server may have unpacked it on the way (Content-Encoding): the bytes tell, not the name.
  const plain = isGzip(bytes) ? await gunzip(bytes, unpacked) : bytes;
  if (plain.length === 0) throw emptyFile(location);
  const format = options.format ?? formatOf(name, type, location);
  return { location, format, bytes: plain };
}

/** The first file of a useful format; with a given one the only file, too. */
function chooseFile(
  names: readonly string[],
  useful: readonly string[],
  { format }: UnpackTableOptions,
): string | undefined {
  const found = names.find((name) => useful.includes(endingOf(name) ?? ''));
  return found ?? (format !== undefined && names.length === 1 ? names[0] : undefined);
}

/** In lower case, that before `.gz` for a gzipped file. */
function endingOf(name: string): string | undefined {
  return /\.(\w+)$/.exec(name.replace(/\.gz$/i, ''))?.[1]?.toLowerCase();
}

function formatOf(name: string, type: string, location: string): string {
  const ending = endingOf(name);
  const format = ending !== undefined && TABLE_FORMATS.includes(ending) ? ending : TYPES[type];
  if (format !== undefined) return format;
  if (ending !== undefined) return checkFormat(ending, location);
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `The format of ${location} is not known, for its name has no ending; pass { format }, one of ${TABLE_FORMATS.join(', ')}.`,
  );
}

function checkFormat(format: string, location: string): string {
  if (TABLE_FORMATS.includes(format)) return format;
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `${location}: format ${show(format)} is not known; known are ${TABLE_FORMATS.join(', ')}. They may be gzipped (.gz) or in a .zip. Save it as one of them, or pass { format } where the name misleads.`,
  );
}

function emptyFile(location: string): AnyformerError {
  return new AnyformerError('INVALID_DATA', `${location} is empty: it has no bytes.`);
}
