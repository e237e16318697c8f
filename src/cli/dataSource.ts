import { createReadStream } from 'node:fs';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { AnyformerError } from '../core/errors.ts';
import { TABLE_FORMATS } from '../data/tableReaders.ts';
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
 * Opens a file by its path, unpacked where it ends in `.gz`, or with `-` the standard input.
 *
 * @param format that of the standard input, and of files whose name does not tell.
 * @throws UsageError where there is no telling the format.
 */
export function openData(path: string, format: string | undefined, ofStdin: string): DataSource {
  if (path === STDIN) {
    return { name: 'standard input', format: format ?? ofStdin, bytes: process.stdin };
  }
  const isPacked = /\.gz$/i.test(path);
  const ending = /\.(\w+)$/.exec(isPacked ? path.slice(0, -3) : path)?.[1]?.toLowerCase();
  if (format === undefined && (ending === undefined || !TABLE_FORMATS.includes(ending))) {
    throw new UsageError(
      `the format of ${path} is not known by its name; pass --format, one of ${TABLE_FORMATS.join(', ')}.`,
    );
  }
  return { name: path, format: format ?? ending!, bytes: bytesOf(path, isPacked) };
}

/** @throws AnyformerError `STORAGE` when it cannot be read or unpacked. */
async function* bytesOf(path: string, isPacked: boolean): AsyncGenerator<Uint8Array> {
  const stream = isPacked ? createGunzip() : new PassThrough();
  // The failure of either comes out of `stream`, below.
  pipeline(createReadStream(path), stream).catch(() => {});
  try {
    yield* stream;
  } catch (cause) {
    throw new AnyformerError('STORAGE', `${path} cannot be read: ${(cause as Error).message}.`, {
      cause,
    });
  }
}
