import { AnyformerError, throwIfAborted } from '../core/errors.ts';
import { checkFileName, checkFiles, type ReadOptions, type Storage } from './storage.ts';

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
    throwIfAborted(options.signal, `Reading ${name}`);
    const bytes = this.#files.get(name);
    if (bytes === undefined) {
      const names = await this.list();
      throw new AnyformerError(
        'STORAGE',
        `There is no ${name} in memory; there ${names.length === 0 ? 'is nothing' : `are ${names.join(', ')}`}. Add it under exactly this name.`,
      );
    }
    options.onProgress?.({ name, loadedBytes: bytes.length, totalBytes: bytes.length });
    return bytes;
  }

  async write(files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    checkFiles(files);
    for (const [name, bytes] of files) this.#files.set(name, bytes);
  }

  async has(name: string): Promise<boolean> {
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
