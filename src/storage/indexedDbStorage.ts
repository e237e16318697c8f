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

// Names of ours: no user's file begins with a dot.
const INDEX = '.anyformer-save';
const SET = '.anyformer-set-';

/** Which set each file is in. */
type Index = ReadonlyMap<string, string>;

/** One connection for all folders; idb-keyval opens it at the first use, and again once it is lost. */
let connection: UseStore | undefined;

/**
 * Files in the browser's IndexedDB, in one database of the page's origin.
 *
 * `write` is atomic for the whole set, also when the tab is closed in the middle of it. One
 * transaction alone would not do: of a tab that is killed, Firefox may keep the half it had sent.
 * 1. the files are put under keys of a new set, `[folder, '.anyformer-set-…', name]`;
 * 2. one record, `[folder, '.anyformer-save']`, is replaced: it names the set of each file. This
 *    commits the set;
 * 3. what it does not name any more is removed.
 * A file that the index does not name is read from `[folder, name]`, where it was once written.
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
      open()('readonly', async (store) => {
        const key = this.#keyOf(name, await this.#index(store));
        return promisifyRequest<Uint8Array | undefined>(store.get(key));
      }),
    );
    throwIfAborted(options.signal, `Reading ${name}`);
    if (bytes === undefined) throw missingFileError(name, this.location, await this.list());
    options.onProgress?.({ name, loadedBytes: bytes.length, totalBytes: bytes.length });
    return bytes;
  }

  async write(files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    checkFiles(files);
    try {
      // Another tab that saves takes a set that is not committed yet for one that was cut short.
      while (!(await this.#commit(files, await this.#putSet(files))));
    } catch (cause) {
      await this.#removeReplaced();
      throw await browserSaveFailure(files, this.location, cause);
    }
    await this.#removeReplaced();
  }

  async has(name: string): Promise<boolean> {
    checkFileName(name);
    const count = await this.#attempt('look into', () =>
      open()('readonly', async (store) => {
        const key = this.#keyOf(name, await this.#index(store));
        return promisifyRequest(store.count(key));
      }),
    );
    return count > 0;
  }

  async list(): Promise<string[]> {
    return this.#attempt('list', () =>
      open()('readonly', async (store) => {
        const names = new Set((await this.#index(store)).keys());
        for (const [, name, ...inSet] of await this.#keys(store)) {
          if (inSet.length === 0 && name !== INDEX) names.add(name);
        }
        return [...names].sort();
      }),
    );
  }

  async remove(name: string): Promise<void> {
    checkFileName(name);
    await this.#attempt('remove a file from', () =>
      open()('readwrite', async (store) => {
        const index = await this.#index(store);
        const set = index.get(name);
        // The old one first: otherwise a tab that is killed in between would bring it back.
        store.delete([this.#folder, name]);
        if (set !== undefined) {
          const others = [...index].filter(([other]) => other !== name);
          store.put(new Map(others), [this.#folder, INDEX]);
          store.delete([this.#folder, set, name]);
        }
        return completed(store.transaction);
      }),
    );
  }

  /**
   * Puts the files where nothing reads them yet, under a name that no other tab will give: one that
   * removed this set must not put another in its place.
   */
  #putSet(files: ReadonlyMap<string, Uint8Array>): Promise<string> {
    const alone = Array.from(files, ([name, bytes]) => [name, aloneInBuffer(bytes)] as const);
    const set = `${SET}${crypto.getRandomValues(new Uint32Array(4)).join('-')}`;
    return open()('readwrite', async (store) => {
      putAll(
        store,
        alone.map(([name, bytes]) => [[this.#folder, set, name], bytes]),
      );
      await completed(store.transaction);
      return set;
    });
  }

  /** Makes the set the one that is read. False, and nothing done, where it is not there any more. */
  #commit(files: ReadonlyMap<string, Uint8Array>, set: string): Promise<boolean> {
    return open()('readwrite', async (store) => {
      const index = await this.#index(store);
      const there = await promisifyRequest(store.count(within([this.#folder, set])));
      if (there !== files.size) return false;
      const added = Array.from(files.keys(), (name) => [name, set] as const);
      putAll(store, [[[this.#folder, INDEX], new Map([...index, ...added])]]);
      await completed(store.transaction);
      return true;
    });
  }

  /** Leftovers cost space and harm nothing: where one cannot be removed, the next save tries again. */
  async #removeReplaced(): Promise<void> {
    try {
      await open()('readwrite', async (store) => {
        const index = await this.#index(store);
        for (const key of await this.#keys(store)) {
          const set = key.length === 3 ? key[1] : undefined;
          if (index.get(key.at(-1)!) !== set) store.delete(key);
        }
        return completed(store.transaction);
      });
    } catch {
      // The browser is short of room, say.
    }
  }

  async #index(store: IDBObjectStore): Promise<Index> {
    const index = await promisifyRequest<Index | undefined>(store.get([this.#folder, INDEX]));
    return index ?? new Map();
  }

  #keyOf(name: string, index: Index): Key {
    const set = index.get(name);
    return set === undefined ? [this.#folder, name] : [this.#folder, set, name];
  }

  #keys(store: IDBObjectStore): Promise<Key[]> {
    return promisifyRequest(store.getAllKeys(within([this.#folder]))) as Promise<Key[]>;
  }

  async #attempt<T>(action: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (cause) {
      throw browserFailure(action, this.location, cause);
    }
  }
}

/** A file's, in a set or as it was once written, or the index's. */
type Key = [folder: string, name: string] | [folder: string, set: string, name: string];

/** All keys that begin so: arrays come after texts in the order of keys. */
function within(start: string[]): IDBKeyRange {
  return IDBKeyRange.bound(start, [...start, []]);
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
