import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { AnyformerError } from '../core/errors.ts';
import { TABLE_FORMATS } from '../data/tableReaders.ts';
import { unpackTable } from '../data/unpackTable.ts';
import { UsageError } from './usageError.ts';

/** A table to read. */
export interface DataSource {
  /** For messages. */
  readonly name: string;
  readonly format: string;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** What stands for the standard input. */
export const STDIN = '-';

/**
 * Opens a file by its path, unpacked where it ends in `.gz` or `.zip`, or with `-` the standard input.
 *
 * @param format that of the standard input, and of files whose name does not tell.
 * @throws UsageError where there is no telling the format.
 * @throws AnyformerError `STORAGE` for a zip that cannot be read, `INVALID_DATA` for one without a
 *   table.
 */
export async function openData(
  path: string,
  format: string | undefined,
  ofStdin: string,
): Promise<DataSource> {
  if (path === STDIN) {
    return { name: 'standard input', format: format ?? ofStdin, bytes: process.stdin };
  }
  if (/\.zip$/i.test(path)) return openZip(path, format);
  const isPacked = /\.gz$/i.test(path);
  const ofName = formatOf(isPacked ? path.slice(0, -3) : path);
  if (format === undefined && ofName === undefined) {
    throw new UsageError(
      `the format of ${path} is not known by its name; pass --format, one of ${TABLE_FORMATS.join(', ')}.`,
    );
  }
  return { name: path, format: format ?? ofName!, bytes: bytesOf(path, isPacked) };
}

function formatOf(name: string): string | undefined {
  const ending = /\.(\w+)$/.exec(name)?.[1]?.toLowerCase();
  return ending !== undefined && TABLE_FORMATS.includes(ending) ? ending : undefined;
}

/** The first table in a zip archive. */
async function openZip(path: string, format: string | undefined): Promise<DataSource> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  const { location, ...table } = await unpackTable(
    { name: path, location: path, type: '', bytes },
    { format },
  );
  return {
    name: location,
    format: table.format,
    bytes: (async function* () {
      yield table.bytes;
    })(),
  };
}

/** @throws AnyformerError `STORAGE` when it cannot be read or unpacked. */
async function* bytesOf(path: string, isPacked: boolean): AsyncGenerator<Uint8Array> {
  const stream = isPacked ? createGunzip() : new PassThrough();
  // The failure of either comes out of `stream`, below.
  pipeline(createReadStream(path), stream).catch(() => {});
  try {
    yield* stream;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): AnyformerError {
  const reason = (cause as Error).message;
  return new AnyformerError('STORAGE', `${path} cannot be read: ${reason}.`, { cause });
}
