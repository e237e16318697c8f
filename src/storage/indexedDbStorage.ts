import { createStore, promisifyRequest, type UseStore } from 'idb-keyval';
import { AnyformerError, throwIfAborted } from '../core/errors.ts';
import { browserFailure, browserSaveFailure } from './browserFailure.ts';
import {
  aloneInBuffer,
  checkFileName,
  checkFiles,
  missingFileError,
  type ReadOptions,
  type Storage,
} from './storage.ts';

const DATABASE = 'anyformer';
const STORE = 'files';

/** One connection for all folders; idb-keyval opens it at the first use, and again once it is lost. */
let connection: UseStore | undefined;

/**
 * Files in the browser's IndexedDB, under `[folder, name]` in one database of the page's origin.
 *
 * `write` is one transaction: all of the files or none, also when the tab is closed meanwhile.
 *
 * @param folder a path, such as `models/spam`.
 */
export class IndexedDbStorage implements Storage {
  readonly location: string;
  readonly #folder: string;

  constructor(folder: string) {
    this.location = `indexeddb://${folder}`;
    if (globalThis.indexedDB === undefined) {
      throw new AnyformerError(
        'UNSUPPORTED',
        `There is no IndexedDB here for ${this.location}; it is in browsers. Pass a Map of file names to Uint8Arrays instead.`,
      );
    }
    this.#folder = folder;
  }

  async read(name: string, options: ReadOptions = {}): Promise<Uint8Array> {
    checkFileName(name);
    throwIfAborted(options.signal, `Reading ${name}`);
    const bytes = await this.#attempt('read', () =>
      open()('readonly', (store) =>
        promisifyRequest<Uint8Array | undefined>(store.get(this.#key(name))),
      ),
    );
    throwIfAborted(options.signal, `Reading ${name}`);
    if (bytes === undefined) throw missingFileError(name, this.location, await this.list());
    options.onProgress?.({ name, loadedBytes: bytes.length, totalBytes: bytes.length });
    return bytes;
  }

  async write(files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    checkFiles(files);
    try {
      await open()('readwrite', (store) => {
        putAll(
          store,
          [...files].map(([name, bytes]) => [this.#key(name), aloneInBuffer(bytes)]),
        );
        return completed(store.transaction);
      });
    } catch (cause) {
      throw await browserSaveFailure(files, this.location, cause);
    }
  }

  async has(name: string): Promise<boolean> {
    checkFileName(name);
    const count = await this.#attempt('look into', () =>
      open()('readonly', (store) => promisifyRequest(store.count(this.#key(name)))),
    );
    return count > 0;
  }

  async list(): Promise<string[]> {
    // Arrays come after texts in the order of keys, so the second bound is above every name.
    const ofFolder = IDBKeyRange.bound([this.#folder], [this.#folder, []]);
    const keys = await this.#attempt('list', () =>
      open()('readonly', (store) => promisifyRequest(store.getAllKeys(ofFolder))),
    );
    return keys.map((key) => (key as [string, string])[1]).sort();
  }

  async remove(name: string): Promise<void> {
    checkFileName(name);
    await this.#attempt('remove a file from', () =>
      open()('readwrite', (store) => {
        store.delete(this.#key(name));
        return completed(store.transaction);
      }),
    );
  }

  #key(name: string): [string, string] {
    return [this.#folder, name];
  }

  async #attempt<T>(action: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (cause) {
      throw browserFailure(action, this.location, cause);
    }
  }
}

function open(): UseStore {
  connection ??= createStore(DATABASE, STORE);
  return connection;
}

/** All or none: what was put before one that throws would be committed otherwise. */
function putAll(store: IDBObjectStore, entries: readonly [IDBValidKey, unknown][]): void {
  try {
    for (const [key, value] of entries) store.put(value, key);
  } catch (cause) {
    store.transaction.abort();
    throw cause;
  }
}

/**
 * As `setMany` of idb-keyval, which rejects at the first request that fails, when the transaction
 * does not know the reason yet: a full disk would be an error of null.
 */
function completed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}
