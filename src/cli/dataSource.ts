import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
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

/** What a zip has besides its files: folders, hidden files, and what macOS adds. */
const NO_FILE = /\/$|(^|\/)\.|^__MACOSX\//;

/** The first table in a zip archive. */
async function openZip(path: string, format: string | undefined): Promise<DataSource> {
  const { unzipSync } = await import('fflate');
  const names: string[] = [];
  let unpacked: Record<string, Uint8Array>;
  let table: string | undefined;
  try {
    unpacked = unzipSync(await readFile(path), {
      filter: ({ name }) => {
        if (NO_FILE.test(name)) return false;
        names.push(name);
        if (table !== undefined || formatOf(name) === undefined) return false;
        table = name;
        return true;
      },
    });
  } catch (cause) {
    throw unreadable(path, cause);
  }
  if (table !== undefined) {
    const bytes = unpacked[table]!;
    return {
      name: `${path} (${table})`,
      format: format ?? formatOf(table)!,
      bytes: (async function* () {
        yield bytes;
      })(),
    };
  }
  const inside = names.length > 0 ? names.slice(0, 10).join(', ') : 'nothing';
  throw new AnyformerError(
    'INVALID_DATA',
    `${path} holds no ${TABLE_FORMATS.join(', ')} file, but ${inside}${names.length > 10 ? ', …' : ''}. Unpack it and pass the table.`,
  );
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

/** Names the table in what is wrong with it. */
export async function naming<T>({ name }: DataSource, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof AnyformerError) || error.code !== 'INVALID_DATA') throw error;
    throw new AnyformerError(error.code, `${name}: ${error.message}`, { cause: error });
  }
}
