import { AnyformerError, show } from '../core/errors.ts';

/** What `onProgress` of a read receives. */
export interface ByteProgress {
  readonly name: string;
  readonly loadedBytes: number;
  /** Undefined where the medium does not say. */
  readonly totalBytes: number | undefined;
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called while bytes arrive, and at least once when all are there. */
  readonly onProgress?: ((progress: ByteProgress) => void) | undefined;
}

/**
 * One flat folder of files, wherever it lives. A driver is one class with these five methods:
 * anybody can write one for a new medium and hand it to `save` and `load`.
 *
 * Names are plain file names (`model.safetensors`), no paths. Every failure is an AnyformerError:
 * `STORAGE` when bytes cannot be read or written, `ABORTED` when the signal fired.
 *
 * @example
 * await classifier.save(new MemoryStorage());
 */
export interface Storage {
  /** Where it is, for messages: a path, a URL. */
  readonly location: string;
  /** All bytes of one file. They belong to the storage: do not write into them. */
  read(name: string, options?: ReadOptions): Promise<Uint8Array>;
  /** Writes several files as one: all of them or none, as far as the medium can promise it. */
  write(files: ReadonlyMap<string, Uint8Array>): Promise<void>;
  has(name: string): Promise<boolean>;
  /** The names of all files, sorted. */
  list(): Promise<string[]>;
  /** Removes one file; a file that is not there is no error. */
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
