import { AnyformerError, show } from '../core/errors.ts';

/** The progress of reading a file. */
export interface ByteProgress {
  /** The name of the file. */
  readonly name: string;
  /** The bytes read so far. */
  readonly loadedBytes: number;
  /** The size of the file in bytes; undefined if it is unknown. */
  readonly totalBytes: number | undefined;
}

/** The options of `Storage.read`. */
export interface ReadOptions {
  /** Stops reading with the error `ABORTED`. */
  readonly signal?: AbortSignal | undefined;
  /** Called as bytes arrive, and at least once when all have arrived. */
  readonly onProgress?: ((progress: ByteProgress) => void) | undefined;
}

/**
 * A flat folder of files on any medium. To store models on a new medium, write an object with these
 * five methods and pass it to `save` and `load`.
 *
 * Names are plain file names (`model.safetensors`) without folders. Methods fail with an
 * AnyformerError: `STORAGE` when bytes cannot be read or written, `ABORTED` when the signal fires.
 *
 * @example
 * await classifier.save(new MemoryStorage());
 */
export interface Storage {
  /** The place of the folder, such as a path or a URL. It is used in messages. */
  readonly location: string;
  /** Reads a file. The bytes belong to the storage: do not change them. */
  read(name: string, options?: ReadOptions): Promise<Uint8Array>;
  /** Writes several files: all of them, or none after an error, if the medium can guarantee it. */
  write(files: ReadonlyMap<string, Uint8Array>): Promise<void>;
  /** Whether a file exists. */
  has(name: string): Promise<boolean>;
  /** Returns the names of all files, sorted. */
  list(): Promise<string[]>;
  /** Removes a file. It is not an error if the file does not exist. */
  remove(name: string): Promise<void>;
}

const METHODS = ['read', 'write', 'has', 'list', 'remove'] as const;

/** Whether a value has the shape of a {@link Storage}. Told by its methods, not its class. */
export function isStorage(value: unknown): value is Storage {
  if (typeof value !== 'object' || value === null) return false;
  const candidate = value as Record<string, unknown>;
  return METHODS.every((method) => typeof candidate[method] === 'function');
}

/**
 * Refuses names that are not plain file names: no folders, nothing that climbs out of one, nothing
 * hidden.
 *
 * @throws AnyformerError `INVALID_ARGUMENT`.
 */
export function checkFileName(name: string): void {
  if (typeof name === 'string' && /^[\p{L}\p{N}_-][\p{L}\p{N}_. -]*$/u.test(name)) return;
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `${show(name)} is not a plain file name; use letters, digits, '_', '-' and '.', such as 'model.safetensors'.`,
  );
}

/** Checks the names and values of a set of files before the first of them is written. */
export function checkFiles(files: ReadonlyMap<string, Uint8Array>): void {
  for (const [name, bytes] of files) {
    checkFileName(name);
    if (!(ArrayBuffer.isView(bytes) && 'subarray' in bytes && bytes.BYTES_PER_ELEMENT === 1)) {
      throw new AnyformerError(
        'INVALID_ARGUMENT',
        `The bytes of ${name} must be a Uint8Array, received ${show(bytes)}; wrap an ArrayBuffer as new Uint8Array(buffer).`,
      );
    }
  }
}

/** The error for a file that is not there; it says what is. */
export function missingFileError(
  name: string,
  location: string,
  names: readonly string[],
): AnyformerError {
  const next =
    names.length === 0
      ? 'Check the place, or save a model there first.'
      : 'Check the place, or add it under exactly this name.';
  return new AnyformerError(
    'STORAGE',
    `There is no ${name} in ${location}; there ${names.length === 0 ? 'is nothing' : `are ${names.join(', ')}`}. ${next}`,
  );
}

/**
 * The same bytes, alone in a buffer that no thread shares: where values are cloned, a view takes all
 * of the memory it looks into with it, and shared memory is refused.
 */
export function aloneInBuffer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = bytes;
  const isAlone = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  return isAlone ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}

/** How many bytes a set of files takes. */
export function bytesOf(files: ReadonlyMap<string, Uint8Array>): number {
  return [...files.values()].reduce((sum, bytes) => sum + bytes.byteLength, 0);
}
