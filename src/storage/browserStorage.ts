import { AnyformerError, show } from '../core/errors.ts';
import { IndexedDbStorage } from './indexedDbStorage.ts';
import { type OpfsHost, OpfsStorage } from './opfsStorage.ts';
import { checkFileName, type ReadOptions, type Storage } from './storage.ts';

/**
 * Opens what the browser keeps for a page's origin, by scheme: for the runtime leaf of browsers.
 *
 * - `opfs://models/spam`: the origin private file system, or IndexedDB in browsers where that is not
 *   there to be written (Safari before 26, private windows of some);
 * - `indexeddb://models/spam`: IndexedDB in any case.
 */
export const browserSchemes: Readonly<Record<string, (path: string) => Storage>> = {
  opfs: (path) => new BrowserStorage(checkPath(path, 'opfs')),
  indexeddb: (path) => new IndexedDbStorage(checkPath(path, 'indexeddb')),
};

/** A path of plain names. */
function checkPath(path: string, scheme: string): string {
  const names = path.split('/').filter((name) => name !== '');
  if (names.length === 0) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `${show(`${scheme}://`)} needs a name, such as '${scheme}://models/spam'.`,
    );
  }
  for (const name of names) checkFileName(name);
  return names.join('/');
}

/**
 * The origin private file system, or IndexedDB where that cannot be written. Once files are in one
 * of the two they stay there, also when a later version of the browser has both; `location` says
 * which it is, once something was read or written.
 */
export class BrowserStorage implements Storage {
  readonly #path: string;
  readonly #host: Partial<OpfsHost>;
  #chosen: Storage | undefined;

  constructor(path: string, host: Partial<OpfsHost> = navigator) {
    this.#path = path;
    this.#host = host;
  }

  get location(): string {
    return this.#chosen?.location ?? `opfs://${this.#path}`;
  }

  async read(name: string, options?: ReadOptions): Promise<Uint8Array> {
    return (await this.#choose()).read(name, options);
  }

  async write(files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    return (await this.#choose()).write(files);
  }

  async has(name: string): Promise<boolean> {
    return (await this.#choose()).has(name);
  }

  async list(): Promise<string[]> {
    return (await this.#choose()).list();
  }

  async remove(name: string): Promise<void> {
    return (await this.#choose()).remove(name);
  }

  async #choose(): Promise<Storage> {
    this.#chosen ??= await this.#find();
    return this.#chosen;
  }

  async #find(): Promise<Storage> {
    const hasOpfs = await isWritable(this.#host);
    if (!hasOpfs) return new IndexedDbStorage(this.#path);
    const opfs = new OpfsStorage(this.#path, this.#host as OpfsHost);
    if (globalThis.indexedDB === undefined || (await opfs.list()).length > 0) return opfs;
    const database = new IndexedDbStorage(this.#path);
    return (await database.list()).length > 0 ? database : opfs;
  }
}

async function isWritable({ storage, locks }: Partial<OpfsHost>): Promise<boolean> {
  if (storage?.getDirectory === undefined || locks === undefined) return false;
  // Older ones of Safari write synchronously alone, and that in workers.
  const { FileSystemFileHandle: File } = globalThis;
  if (File === undefined || !('createWritable' in File.prototype)) return false;
  try {
    await storage.getDirectory();
    return true;
  } catch {
    return false;
  }
}
