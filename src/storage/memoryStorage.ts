import { throwIfAborted } from '../core/errors.ts';
import {
  checkFileName,
  checkFiles,
  missingFileError,
  type ReadOptions,
  type Storage,
} from './storage.ts';

/**
 * Files in a Map of names to bytes: for tests, for runtimes without a disk, and for programs that
 * keep the bytes somewhere of their own.
 *
 * @param files used itself, not copied: what is written appears in it.
 *
 * @example
 * const files = new Map<string, Uint8Array>();
 * await classifier.save(files);
 * const again = await TextClassifier.load(files);
 */
export class MemoryStorage implements Storage {
  readonly location = 'memory';
  readonly #files: Map<string, Uint8Array>;

  constructor(files: Map<string, Uint8Array> = new Map()) {
    checkFiles(files);
    this.#files = files;
  }

  async read(name: string, options: ReadOptions = {}): Promise<Uint8Array> {
    checkFileName(name);
    throwIfAborted(options.signal, `Reading ${name}`);
    const bytes = this.#files.get(name);
    if (bytes === undefined) throw missingFileError(name, this.location, await this.list());
    options.onProgress?.({ name, loadedBytes: bytes.length, totalBytes: bytes.length });
    return bytes;
  }

  async write(files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    checkFiles(files);
    for (const [name, bytes] of files) this.#files.set(name, bytes);
  }

  async has(name: string): Promise<boolean> {
    checkFileName(name);
    return this.#files.has(name);
  }

  async list(): Promise<string[]> {
    return [...this.#files.keys()].sort();
  }

  async remove(name: string): Promise<void> {
    checkFileName(name);
    this.#files.delete(name);
  }
}
