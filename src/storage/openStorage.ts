import { AnyformerError, show } from '../core/errors.ts';
import { tagOf } from '../core/tagOf.ts';
import { isUrl, parseAddress } from './address.ts';
import { HttpStorage } from './httpStorage.ts';
import { isKeyValueBinding, type KeyValueBinding, KeyValueStorage } from './keyValueStorage.ts';
import { MemoryStorage } from './memoryStorage.ts';
import { isStorage, type Storage } from './storage.ts';
import { type PackedFiles, ZipStorage } from './zipStorage.ts';

/** Where a model is saved to or loaded from. An archive in memory is there to be loaded alone. */
export type StorageTarget =
  | string
  | URL
  | Map<string, Uint8Array>
  | PackedFiles
  | KeyValueBinding
  | Storage;

/** What a runtime adds: what its host alone can open. */
export interface OpenStorageOptions {
  /** Opens a directory, where there is a file system. */
  readonly openPath?: ((path: string | URL) => Storage) | undefined;
  /** Reads one file of any name, where there is a file system. */
  readonly readPath?:
    | ((path: string | URL, signal?: AbortSignal) => Promise<Uint8Array>)
    | undefined;
  /** What relative addresses go to, where there is a page: they are read by fetch, as `/model/`. */
  readonly base?: string | undefined;
  /** Opens the rest of an address by its scheme: `opfs` opens `models/spam` of `opfs://models/spam`. */
  readonly schemes?: Readonly<Record<string, (path: string) => Storage>> | undefined;
  /** Used for http(s) addresses; the runtime's own by default. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/**
 * Gives the storage that a target means: a path is a directory, an http(s) URL is read by fetch (on a
 * page a path is one, too, relative to it),
 * other addresses are opened by what the host has for their scheme, a Map is used as it is, a Blob
 * or buffer is a zip archive, an R2 bucket or KV namespace holds a file a key, a Storage is itself.
 *
 * @throws AnyformerError `INVALID_ARGUMENT` for what is no target; `UNSUPPORTED` for a path or a
 *   scheme that this runtime does not have.
 *
 * @example
 * const storage = openStorage('./model', { openPath: (path) => new FileStorage(path) });
 */
export function openStorage(target: StorageTarget, options: OpenStorageOptions = {}): Storage {
  if (isStorage(target)) return target;
  if (isMap(target)) return new MemoryStorage(target);
  if (isPacked(target)) return new ZipStorage(target);
  if (isKeyValueBinding(target)) return new KeyValueStorage(target);
  const address = isUrl(target) ? target.href : target;
  if (typeof address === 'string' && address !== '') return openAddress(address, options);
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `${show(target)} is no place for files; pass ${allowed(options)}.`,
  );
}

function openAddress(address: string, options: OpenStorageOptions): Storage {
  const found = parseAddress(address, options);
  switch (found?.kind) {
    case 'path':
      return options.openPath!(found.path);
    case 'url':
      if (found.url.protocol !== 'blob:') {
        return new HttpStorage(found.url, options.fetch ?? globalThis.fetch);
      }
      throw unknownScheme('blob', address, options);
    case 'scheme': {
      const open = options.schemes?.[found.scheme];
      if (open) return open(found.rest);
      throw unknownScheme(found.scheme, address, options);
    }
  }
  throw new AnyformerError(
    'UNSUPPORTED',
    `This runtime has no file system for the path ${show(address)}; pass ${allowed(options)}.`,
  );
}

function unknownScheme(scheme: string, address: string, options: OpenStorageOptions) {
  return new AnyformerError(
    'UNSUPPORTED',
    `Addresses that begin with '${scheme}:' cannot be opened by this runtime (received ${show(address)}); pass ${allowed(options)}.`,
  );
}

function allowed({ openPath, schemes }: OpenStorageOptions): string {
  const places = [
    ...(openPath ? ['a path'] : []),
    `an address (${['http', 'https', ...(openPath ? ['file'] : []), ...Object.keys(schemes ?? {})].map((scheme) => `${scheme}://`).join(', ')})`,
    'a Map of file names to Uint8Arrays',
    'a zip archive as Blob or ArrayBuffer (to load)',
    'an R2 bucket or KV namespace',
  ];
  return `${places.join(', ')}, or an object with read, write, has, list and remove`;
}

function isMap(value: unknown): value is Map<string, Uint8Array> {
  return tagOf(value) === 'Map';
}

function isPacked(value: unknown): value is PackedFiles {
  return ArrayBuffer.isView(value) || ['ArrayBuffer', 'Blob', 'File'].includes(tagOf(value));
}
