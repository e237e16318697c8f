import { AnyformerError, show } from '../core/errors.ts';
import { HttpStorage } from './httpStorage.ts';
import { MemoryStorage } from './memoryStorage.ts';
import { isStorage, type Storage } from './storage.ts';

/** Where a model is saved to or loaded from. */
export type StorageTarget = string | URL | Map<string, Uint8Array> | Storage;

export interface OpenStorageOptions {
  /** Opens a directory. Injected by runtimes that have a file system. */
  readonly openPath?: ((path: string | URL) => Storage) | undefined;
  /** Used for http(s) addresses; the runtime's own by default. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

const ALLOWED =
  'a path, an http(s) or file URL, a Map of file names to Uint8Arrays, or an object with read, write, has, list and remove';

/**
 * Gives the storage that a target means: a path is a directory, an http(s) URL is read by fetch,
 * a Map is used as it is, a Storage is itself.
 *
 * @throws AnyformerError `INVALID_ARGUMENT` for what is no target; `UNSUPPORTED` for a path in a
 *   runtime without a file system, and for packed archives.
 *
 * @example
 * const storage = openStorage('./model', { openPath: (path) => new FileStorage(path) });
 */
export function openStorage(target: StorageTarget, options: OpenStorageOptions = {}): Storage {
  if (isStorage(target)) return target;
  if (isMap(target)) return new MemoryStorage(target);
  if (isUrl(target)) return openUrl(new URL(target.href), options);
  if (typeof target === 'string' && target !== '') {
    // Two letters at least: `C:\models` is a path.
    if (/^[a-z][a-z0-9+.-]+:/i.test(target)) return openUrl(new URL(target), options);
    return openPath(target, options);
  }
  if (isPacked(target)) {
    throw new AnyformerError(
      'UNSUPPORTED',
      `A model cannot be read from ${show(target)}: packed archives are not supported yet. Unpack it and pass ${ALLOWED}.`,
    );
  }
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `${show(target)} is no place for files; pass ${ALLOWED}.`,
  );
}

function openUrl(url: URL, options: OpenStorageOptions): Storage {
  if (url.protocol === 'file:') return openPath(url, options);
  if (url.protocol === 'http:' || url.protocol === 'https:') {
    return new HttpStorage(url, options.fetch ?? globalThis.fetch);
  }
  throw new AnyformerError(
    'UNSUPPORTED',
    `Addresses that begin with '${url.protocol}' are not supported (received ${show(url.href)}); pass ${ALLOWED}.`,
  );
}

function openPath(path: string | URL, options: OpenStorageOptions): Storage {
  if (options.openPath) return options.openPath(path);
  throw new AnyformerError(
    'UNSUPPORTED',
    `This runtime has no file system for the path ${show(String(path))}; pass an http(s) URL or a Map of file names to Uint8Arrays.`,
  );
}

// Told by their shape: a value may come from another realm, where instanceof fails.
const tagOf = (value: unknown) => Object.prototype.toString.call(value).slice(8, -1);

function isMap(value: unknown): value is Map<string, Uint8Array> {
  return tagOf(value) === 'Map';
}

function isUrl(value: unknown): value is URL {
  return tagOf(value) === 'URL';
}

function isPacked(value: unknown): boolean {
  return ArrayBuffer.isView(value) || ['ArrayBuffer', 'Blob', 'File'].includes(tagOf(value));
}
