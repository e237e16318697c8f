import { throwIfAborted } from '../core/errors.ts';
import { parseJsonObject } from '../formats/json.ts';
import { browserFailure, browserSaveFailure } from './browserFailure.ts';
import {
  aloneInBuffer,
  checkFileName,
  checkFiles,
  missingFileError,
  type ReadOptions,
  type Storage,
} from './storage.ts';

/** What is used of `navigator`. Handed in by tests. */
export interface OpfsHost {
  readonly storage: Pick<StorageManager, 'getDirectory'>;
  readonly locks: Pick<LockManager, 'request'>;
}

// Everything of ours that is not a user's file begins so, and is left out of list().
const OURS = '.anyformer-';
const INDEX = `${OURS}save`;
const SET = `${OURS}set-`;

/** Which folder each file is in. */
type Index = ReadonlyMap<string, string>;

/**
 * Files in a folder of the browser's origin private file system, which belongs to the page's origin
 * and is not seen by the user.
 *
 * `write` is atomic for the whole set, also when the tab is closed in the middle of it:
 * 1. the files are written into a new folder, `.anyformer-set-…`;
 * 2. one small file, `.anyformer-save`, is replaced: it names the folder of each file. The browser
 *    puts a file in the place of the old one when it is closed, so this commits the set;
 * 3. what it does not name any more is removed.
 * One tab writes at a time. A file that the index does not name is read from the folder itself.
 *
 * @param path such as `models/spam`; made when something is written.
 */
export class OpfsStorage implements Storage {
  readonly location: string;
  readonly #path: readonly string[];
  readonly #host: OpfsHost;

  constructor(path: string, host: OpfsHost = navigator) {
    this.location = `opfs://${path}`;
    this.#path = path.split('/');
    this.#host = host;
  }

  async read(name: string, options: ReadOptions = {}): Promise<Uint8Array> {
    checkFileName(name);
    throwIfAborted(options.signal, `Reading ${name}`);
    const bytes = await this.#attempt('read', () => this.#find(name, readWhole));
    throwIfAborted(options.signal, `Reading ${name}`);
    if (bytes === undefined) throw missingFileError(name, this.location, await this.list());
    options.onProgress?.({ name, loadedBytes: bytes.length, totalBytes: bytes.length });
    return bytes;
  }

  async write(files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    checkFiles(files);
    try {
      await this.#exclusively(() => this.#writeSet(files));
    } catch (cause) {
      throw await browserSaveFailure(files, this.location, cause);
    }
  }

  async has(name: string): Promise<boolean> {
    checkFileName(name);
    const found = await this.#attempt('look into', () => this.#find(name, async () => true));
    return found ?? false;
  }

  async list(): Promise<string[]> {
    return this.#attempt('list', async () => {
      const folder = await this.#open(false);
      if (folder === undefined) return [];
      const names = new Set((await readIndex(folder, this.location)).keys());
      for await (const [name, handle] of folder.entries()) {
        if (handle.kind === 'file' && !name.startsWith(OURS)) names.add(name);
      }
      return [...names].sort();
    });
  }

  async remove(name: string): Promise<void> {
    checkFileName(name);
    await this.#attempt('remove a file from', () =>
      this.#exclusively(async () => {
        const folder = await this.#open(false);
        if (folder === undefined) return;
        // The old file first: otherwise a failure in between would bring it back.
        await unlessMissing(folder.removeEntry(name));
        const index = await readIndex(folder, this.location);
        const set = index.get(name);
        if (set === undefined) return;
        await writeIndex(folder, new Map([...index].filter(([other]) => other !== name)));
        const inSet = await unlessMissing(folder.getDirectoryHandle(set));
        if (inSet) await unlessMissing(inSet.removeEntry(name));
      }),
    );
  }

  async #writeSet(files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const folder = (await this.#open(true))!;
    const index = await readIndex(folder, this.location);
    const set = await newSetName(folder, index);
    const newIndex = new Map([
      ...index,
      ...Array.from(files.keys(), (name) => [name, set] as const),
    ]);
    try {
      const inSet = await folder.getDirectoryHandle(set, { create: true });
      for (const [name, bytes] of files) await writeFile(inSet, name, bytes);
      await writeIndex(folder, newIndex);
    } catch (cause) {
      await folder.removeEntry(set, { recursive: true }).catch(() => undefined);
      throw cause;
    }
    await removeReplaced(folder, newIndex);
  }

  /**
   * Uses a file where the index says it is, or in the folder itself; undefined where it is in
   * neither. Another tab may remove a set that has been replaced just when it is about to be read:
   * then there is a new one.
   */
  async #find<T>(
    name: string,
    use: (handle: FileSystemFileHandle) => Promise<T>,
  ): Promise<T | undefined> {
    const folder = await this.#open(false);
    if (folder === undefined) return undefined;
    let set: string | undefined;
    for (;;) {
      const before = set;
      set = (await readIndex(folder, this.location)).get(name);
      if (set === undefined) return unlessMissing(folder.getFileHandle(name).then(use));
      const inSet = unlessMissing(folder.getDirectoryHandle(set));
      const found = await inSet.then(
        (handle) => handle && unlessMissing(handle.getFileHandle(name).then(use)),
      );
      if (found !== undefined || set === before) return found;
    }
  }

  async #open(create: boolean): Promise<FileSystemDirectoryHandle | undefined> {
    let folder: FileSystemDirectoryHandle | undefined = await this.#host.storage.getDirectory();
    for (const name of this.#path) {
      folder = await unlessMissing(folder.getDirectoryHandle(name, { create }));
      if (folder === undefined) return undefined;
    }
    return folder;
  }

  #exclusively<T>(run: () => Promise<T>): Promise<T> {
    return this.#host.locks.request(`anyformer ${this.location}`, run) as Promise<T>;
  }

  async #attempt<T>(action: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (cause) {
      throw browserFailure(action, this.location, cause);
    }
  }
}

async function readIndex(folder: FileSystemDirectoryHandle, location: string): Promise<Index> {
  const handle = await unlessMissing(folder.getFileHandle(INDEX));
  if (handle === undefined) return new Map();
  const index = parseJsonObject(await readWhole(handle), `${INDEX} in ${location}`);
  return new Map(Object.entries(index).map(([name, set]) => [name, String(set)]));
}

function writeIndex(folder: FileSystemDirectoryHandle, index: Index): Promise<void> {
  const json = JSON.stringify(Object.fromEntries(index));
  return writeFile(folder, INDEX, new TextEncoder().encode(json));
}

async function readWhole(handle: FileSystemFileHandle): Promise<Uint8Array> {
  return new Uint8Array(await (await handle.getFile()).arrayBuffer());
}

/** Less than a browser's pipe holds: of more, Chromium may tear the pipe before it says why. */
const PIECE = 131_072;

/** What is written takes the place of the old file when it is closed, all at once. */
async function writeFile(
  folder: FileSystemDirectoryHandle,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  const handle = await folder.getFileHandle(name, { create: true });
  const file = await handle.createWritable();
  try {
    for (let start = 0; start < bytes.length; start += PIECE) {
      await file.write(aloneInBuffer(bytes.subarray(start, start + PIECE)));
    }
    await file.close();
  } catch (cause) {
    await file.abort().catch(() => undefined);
    throw cause;
  }
}

/**
 * A name above all that are there, those of saves that were cut short among them: who still reads
 * a set that was removed must not find another in its place.
 */
async function newSetName(folder: FileSystemDirectoryHandle, index: Index): Promise<string> {
  const names = [...index.values()];
  for await (const name of folder.keys()) if (name.startsWith(SET)) names.push(name);
  const numbers = names.map((name) => Number(name.slice(SET.length)));
  return `${SET}${Math.max(0, ...numbers) + 1}`;
}

/** Leftovers cost space and harm nothing: where one cannot be removed, the next save tries again. */
async function removeReplaced(folder: FileSystemDirectoryHandle, index: Index): Promise<void> {
  try {
    const used = new Set(index.values());
    for await (const [name, handle] of folder.entries()) {
      // What a browser writes the index into until it is closed, left by a tab that was killed.
      if (handle.kind === 'file' && name.startsWith(`${INDEX}.`)) await folder.removeEntry(name);
      if (handle.kind !== 'directory' || !name.startsWith(SET)) continue;
      if (!used.has(name)) await folder.removeEntry(name, { recursive: true });
      else await removeFiles(handle, (file) => index.get(file) !== name);
    }
  } catch {
    // Another tab reads them, say.
  }
}

async function removeFiles(
  folder: FileSystemDirectoryHandle,
  isReplaced: (name: string) => boolean,
): Promise<void> {
  for await (const name of folder.keys()) if (isReplaced(name)) await folder.removeEntry(name);
}

async function unlessMissing<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (cause) {
    if ((cause as { name?: unknown } | undefined)?.name === 'NotFoundError') return undefined;
    throw cause;
  }
}
