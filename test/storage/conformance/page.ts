/** What the page runs, and its worker; the tests call it by `globalThis.page`. */
import { createStore, promisifyRequest } from 'idb-keyval';
import { AnyformerError } from '../../../src/core/errors.ts';
import { browserSchemes } from '../../../src/storage/browserStorage.ts';
import { openStorage } from '../../../src/storage/openStorage.ts';
import { readSealedFiles } from '../../../src/storage/sealedFiles.ts';
import { fileNames, sampleFiles, versionOf } from '../sampleFiles.ts';
import { TextClassifier } from './builtPackage.mjs';
import { checks, type Place } from './checks.ts';
import type { Classifiers } from './classifierCheck.ts';

/** The package as it is built, which opens an address by itself. */
const classifiers = TextClassifier as unknown as Classifiers;

const open = (address: string) => openStorage(address, { schemes: browserSchemes });

/** Runs a check; what writes are refused by is put back after it. */
async function withPlace(address: string, check: (place: Place) => Promise<void>): Promise<void> {
  const { put } = IDBObjectStore.prototype;
  const { write } = FileSystemWritableFileStream.prototype;
  const full = () => {
    let writes = 0;
    const refuseSecond = () => {
      if (++writes === 2) throw new DOMException('full', 'QuotaExceededError');
    };
    IDBObjectStore.prototype.put = function (...values) {
      refuseSecond();
      return put.apply(this, values);
    };
    FileSystemWritableFileStream.prototype.write = async function (...values) {
      refuseSecond();
      return write.apply(this, values);
    };
    return open(address);
  };
  try {
    await check({ open: () => open(address), target: () => address, full });
  } finally {
    Object.assign(IDBObjectStore.prototype, { put });
    Object.assign(FileSystemWritableFileStream.prototype, { write });
  }
}

const page = {
  /** Runs one of the checks in a place of its own; what went wrong. */
  async check(name: string, scheme: string): Promise<string | undefined> {
    const address = `${scheme}://checks/${crypto.randomUUID()}`;
    try {
      await withPlace(address, (place) => checks[name]!(place, classifiers));
      return undefined;
    } catch (error) {
      return error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
    }
  },

  /** As `check`, in a worker of its own. */
  checkInWorker(name: string, scheme: string): Promise<string | undefined> {
    const worker = new Worker('page.js');
    return new Promise<string | undefined>((resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => resolve(`the worker failed: ${message}`);
      worker.postMessage([name, scheme]);
    }).finally(() => worker.terminate());
  },

  /** Saves and says how that ended. */
  async save(address: string, version: number, bytes: number) {
    const storage = open(address);
    try {
      await storage.write(sampleFiles(version, bytes));
      return { location: storage.location };
    } catch (error) {
      if (!(error instanceof AnyformerError)) throw error;
      return { code: error.code, message: error.message };
    }
  },

  /** Saves one version after the other, until the page is gone. */
  async saveForEver(address: string, first: number): Promise<never> {
    for (let version = first; ; version++) {
      await open(address).write(sampleFiles(version, 300_000));
      page.saved++;
    }
  },
  saved: 0,

  /**
   * Saves as a tab that is killed in the middle of it, whose browser keeps what it had sent: the
   * first `writes` requests that write into IndexedDB are done, what comes after them is lost.
   */
  async saveCutShort(address: string, version: number, writes: number): Promise<'saved' | 'cut'> {
    const store = IDBObjectStore.prototype;
    const { put, delete: remove } = store;
    const { abort } = IDBTransaction.prototype;
    let left = writes;
    const count = () => {
      if (left-- <= 0) throw new Error('the tab is gone');
    };
    store.put = function (...values) {
      count();
      return put.apply(this, values);
    };
    store.delete = function (...values) {
      count();
      return remove.apply(this, values);
    };
    IDBTransaction.prototype.abort = () => undefined;
    try {
      await open(address).write(sampleFiles(version));
    } catch (error) {
      if (!(error instanceof AnyformerError)) throw error;
    } finally {
      Object.assign(store, { put, delete: remove });
      Object.assign(IDBTransaction.prototype, { abort });
    }
    return left < 0 ? 'cut' : 'saved';
  },

  /** Puts files where IndexedDB had them before sets had keys of their own. */
  async putAsBefore(folder: string, version: number): Promise<void> {
    await createStore('anyformer', 'files')('readwrite', (store) => {
      for (const [name, bytes] of sampleFiles(version)) store.put(bytes, [folder, name]);
      return promisifyRequest(store.transaction);
    });
  },

  /**
   * Several save into one place at once, each a file of its own again and again.
   *
   * @returns what each has there in the end: the number of its save.
   */
  async saveTogether(address: string, writers: number, saves: number): Promise<number[]> {
    const names = Array.from({ length: writers }, (_, i) => `file-${i}`);
    const saveAll = async (name: string) => {
      for (let save = 1; save <= saves; save++) {
        await open(address).write(new Map([[name, Uint8Array.of(save)]]));
      }
    };
    await Promise.all(names.map(saveAll));
    const storage = open(address);
    return Promise.all(names.map(async (name) => (await storage.read(name))[0]!));
  },

  /** Removes all that a folder has in IndexedDB. */
  async clear(folder: string): Promise<void> {
    await createStore('anyformer', 'files')('readwrite', (store) => {
      store.delete(IDBKeyRange.bound([folder], [folder, []]));
      return promisifyRequest(store.transaction);
    });
  },

  /** All keys of a folder in IndexedDB itself, but for the folder. */
  async keys(folder: string): Promise<string[]> {
    const all = await createStore('anyformer', 'files')('readonly', (store) =>
      promisifyRequest(store.getAllKeys()),
    );
    const ours = (all as string[][]).filter(([first]) => first === folder);
    return ours.map(([, ...rest]) => rest.join('/'));
  },

  async version(address: string): Promise<number> {
    return versionOf(await readSealedFiles(open(address), { required: fileNames }));
  },

  /** As `version`, whose reading of `name` waits for `goOn` while the others go on. */
  async versionHeldAt(address: string, name: string): Promise<number> {
    const storage = open(address);
    const read = storage.read.bind(storage);
    storage.read = async (file, options) => {
      if (file === name && !page.isHeld) {
        page.isHeld = true;
        await new Promise<void>((resolve) => {
          page.goOn = resolve;
        });
      }
      return read(file, options);
    };
    return versionOf(await readSealedFiles(storage, { required: fileNames }));
  },
  isHeld: false,
  goOn() {},

  /** Bytes and names in the origin private file system itself, below a folder. */
  async privateFiles(path: string): Promise<string[]> {
    let folder = await navigator.storage.getDirectory();
    for (const name of path.split('/')) folder = await folder.getDirectoryHandle(name);
    const found: string[] = [];
    const walk = async (from: FileSystemDirectoryHandle, prefix: string): Promise<void> => {
      for await (const [name, handle] of from.entries()) {
        if (handle.kind === 'file') found.push(prefix + name);
        else await walk(handle, `${prefix}${name}/`);
      }
    };
    await walk(folder, '');
    return found.sort();
  },

  /** As in a browser that can read the origin private file system but not write it. */
  async withoutWritable<T>(run: () => Promise<T>): Promise<T> {
    const { createWritable } = FileSystemFileHandle.prototype;
    delete (FileSystemFileHandle.prototype as Partial<FileSystemFileHandle>).createWritable;
    try {
      return await run();
    } finally {
      FileSystemFileHandle.prototype.createWritable = createWritable;
    }
  },
};

export type TestPage = typeof page;

Object.assign(globalThis, { page });

if (typeof document === 'undefined') {
  globalThis.onmessage = async ({ data: [name, scheme] }) =>
    postMessage(await page.check(name, scheme));
}
