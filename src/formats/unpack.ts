import { AnyformerError } from '../core/errors.ts';
import { crc32 } from './crc32.ts';

/** More than this is no data of a browser or a laptop, but a trap, or a mistake. */
const MAX_BYTES = 2 ** 30;

/** Packed bytes that are taken at once, so that too large a file is noticed before it fills the memory. */
const SLICE = 1 << 16;

/** A head of 10 bytes, a tail of 8. */
const SHORTEST_GZIP = 18;

/** Left out: folders, hidden files, and what macOS adds. */
const NO_FILE = /\/$|(^|\/)\.|(^|\/)__MACOSX\//;

export interface UnpackOptions {
  /** Of the archive, for messages. */
  readonly name: string;
  /** Most bytes that may come out. Default: 1 GiB. */
  readonly maxBytes?: number | undefined;
}

export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/**
 * Unpacks a gzip file, of several members if need be.
 *
 * @throws AnyformerError `INVALID_FILE` for one that is torn, or that unpacks to more than `maxBytes`.
 */
export async function gunzip(
  packed: Uint8Array,
  { name, maxBytes = MAX_BYTES }: UnpackOptions,
): Promise<Uint8Array> {
  if (packed.length < SHORTEST_GZIP) throw torn(name, 'gzip file', 'it is cut off');
  const { Gunzip } = await import('fflate');
  const parts: Uint8Array[] = [];
  let length = 0;
  let members = 1;
  const stream = new Gunzip((part) => {
    length += part.length;
    if (length > maxBytes) throw tooLarge(name, maxBytes);
    parts.push(part);
  });
  stream.onmember = () => void members++;
  try {
    for (let start = 0; start < packed.length; start += SLICE) {
      const end = start + SLICE;
      stream.push(packed.subarray(start, end), end >= packed.length);
    }
  } catch (cause) {
    throw cause instanceof AnyformerError ? cause : torn(name, 'gzip file', cause);
  }
  const bytes = concatenate(parts, length);
  // At its end stand the checksum and the length of the last member.
  const end = new DataView(packed.buffer, packed.byteOffset + packed.length - 8, 8);
  const isWhole = end.getUint32(0, true) === crc32(bytes) && end.getUint32(4, true) === length;
  if (members === 1 && !isWhole) throw torn(name, 'gzip file', 'its checksum is another');
  return bytes;
}

/**
 * Unpacks one file of a zip archive.
 *
 * @param choose picks one of the names in the archive; undefined where none will do.
 * @throws AnyformerError `INVALID_FILE` for what is no zip archive, is torn, or is too large;
 *   `INVALID_DATA` listing what is inside when nothing was chosen.
 */
export async function unzipOne(
  packed: Uint8Array,
  choose: (names: readonly string[]) => string | undefined,
  { name, maxBytes = MAX_BYTES }: UnpackOptions,
): Promise<{ readonly name: string; readonly bytes: Uint8Array }> {
  const { unzipSync } = await import('fflate');
  const sizes = new Map<string, number>();
  const unzip = (filter: (entry: { name: string; originalSize: number }) => boolean) => {
    try {
      return unzipSync(packed, { filter });
    } catch (cause) {
      throw torn(name, 'zip archive', cause);
    }
  };
  unzip((entry) => {
    if (!NO_FILE.test(entry.name)) sizes.set(entry.name, entry.originalSize);
    return false;
  });
  const chosen = choose([...sizes.keys()]);
  if (chosen === undefined) throw nothingInside(name, [...sizes.keys()]);
  const size = sizes.get(chosen)!;
  if (size > maxBytes) throw tooLarge(`${chosen} in ${name}`, maxBytes);
  const bytes = unzip((entry) => entry.name === chosen)[chosen]!;
  if (bytes.length !== size) throw torn(name, 'zip archive', `${chosen} is cut off`);
  return { name: chosen, bytes };
}

function concatenate(parts: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let start = 0;
  for (const part of parts) {
    bytes.set(part, start);
    start += part.length;
  }
  return bytes;
}

function torn(name: string, kind: string, cause: unknown): AnyformerError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AnyformerError(
    'INVALID_FILE',
    `${name} is no ${kind}, or is torn (${reason}). Download or pack it again.`,
    { cause },
  );
}

function tooLarge(name: string, maxBytes: number): AnyformerError {
  return new AnyformerError(
    'INVALID_FILE',
    `${name} unpacks to more than ${Math.floor(maxBytes / 2 ** 20).toLocaleString('en-US')} MiB, which is the most. Split it.`,
  );
}

const NAMES_SHOWN = 10;

function nothingInside(name: string, names: readonly string[]): AnyformerError {
  const more = names.length - NAMES_SHOWN;
  const shown = names.slice(0, NAMES_SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
  return new AnyformerError(
    'INVALID_DATA',
    `${name} has no file of data inside; ${names.length === 0 ? 'it is empty' : `it holds ${shown}`}. Put one in, such as a .csv.`,
  );
}
