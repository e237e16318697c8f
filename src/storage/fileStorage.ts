import * as nodeFs from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AnyformerError, throwIfAborted } from '../core/errors.ts';
import { checkFileName, checkFiles, type ReadOptions, type Storage } from './storage.ts';

/** The functions of `node:fs/promises` in use. Handed in, so that a test can let each one fail. */
export type FileSystem = Pick<
  typeof nodeFs,
  'mkdir' | 'mkdtemp' | 'open' | 'readdir' | 'readFile' | 'rename' | 'rm' | 'rmdir' | 'stat'
>;

// Everything of ours that is not a user's file begins so, and is left out of list().
const OURS = '.anyformer-';
const STAGING = `${OURS}staging-`;
const COMMITTED = `${OURS}save`;
// A save takes minutes at most: what is older was left by a process that died.
const STALE_AFTER_MS = 3_600_000;

/**
 * Files in a directory, through `node:fs` (Node, Bun, Deno).
 *
 * `write` is atomic for the whole set, also when the process is killed or the power fails:
 * 1. every file is written and synced in a staging folder inside the directory;
 * 2. one rename of that folder to `.anyformer-save` commits the set;
 * 3. the files are moved out of it into the directory, `config.json` last.
 * Before step 2 the old files stand untouched. After it a reader looks into `.anyformer-save` first
 * and so sees the new set, complete, and the next writer finishes step 3.
 *
 * @param directory a path or a `file:` URL; made when something is written.
 * @param fs for tests.
 *
 * @example
 * const storage = new FileStorage('./model');
 * await storage.write(new Map([['config.json', bytes]]));
 */
export class FileStorage implements Storage {
  readonly location: string;
  readonly #fs: FileSystem;

  constructor(directory: string | URL, fs: FileSystem = nodeFs) {
    this.location = resolve(directory instanceof URL ? fileURLToPath(directory) : directory);
    this.#fs = fs;
  }

  async read(name: string, options: ReadOptions = {}): Promise<Uint8Array> {
    checkFileName(name);
    throwIfAborted(options.signal, `Reading ${name}`);
    const bytes = await this.#readFile(name, options.signal);
    options.onProgress?.({ name, loadedBytes: bytes.length, totalBytes: bytes.length });
    return bytes;
  }

  async #readFile(name: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const options = signal ? { signal } : {};
    try {
      const committed = await unlessMissing(this.#fs.readFile(this.#committed(name), options));
      const bytes = committed ?? (await this.#fs.readFile(this.#path(name), options));
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    } catch (cause) {
      throwIfAborted(signal, `Reading ${name}`);
      throw storageError('read', this.#path(name), cause);
    }
  }

  async write(files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    checkFiles(files);
    const isNew = await this.#attempt('create', this.location, () =>
      this.#fs.mkdir(this.location, { recursive: true }),
    );
    await this.#removeStaleStaging();
    let staging: string | undefined;
    try {
      staging = await this.#stage(files);
      await this.#finishCommitted();
      await this.#commit(staging);
      await this.#moveIntoPlace([...files.keys()], staging);
    } catch (error) {
      await this.#cleanUp(staging, isNew !== undefined);
      throw error;
    }
  }

  async has(name: string): Promise<boolean> {
    checkFileName(name);
    return this.#attempt('look for', this.#path(name), async () => {
      const committed = await unlessMissing(this.#fs.stat(this.#committed(name)));
      const found = committed ?? (await unlessMissing(this.#fs.stat(this.#path(name))));
      return found?.isFile() ?? false;
    });
  }

  async list(): Promise<string[]> {
    return this.#attempt('list', this.location, async () => {
      const names = new Set(await this.#committedNames());
      const entries =
        (await unlessMissing(this.#fs.readdir(this.location, { withFileTypes: true }))) ?? [];
      for (const entry of entries) {
        if (!entry.isDirectory() && !entry.name.startsWith(OURS)) names.add(entry.name);
      }
      return [...names].sort();
    });
  }

  async remove(name: string): Promise<void> {
    checkFileName(name);
    await this.#attempt('remove', this.#path(name), async () => {
      // The old file first: otherwise a failure in between would bring it back.
      await this.#fs.rm(this.#path(name), { force: true });
      await this.#fs.rm(this.#committed(name), { force: true });
    });
  }

  #path(name: string): string {
    return join(this.location, name);
  }

  #committed(name: string): string {
    return join(this.location, COMMITTED, name);
  }

  async #stage(files: ReadonlyMap<string, Uint8Array>): Promise<string> {
    const staging = await this.#attempt('create a folder in', this.location, () =>
      this.#fs.mkdtemp(this.#path(STAGING)),
    );
    try {
      for (const [name, bytes] of files) {
        await this.#attempt('write', this.#path(name), () =>
          this.#writeDurably(join(staging, name), bytes),
        );
      }
      await this.#syncDirectory(staging);
    } catch (error) {
      await this.#cleanUp(staging, false);
      throw error;
    }
    return staging;
  }

  async #writeDurably(path: string, bytes: Uint8Array): Promise<void> {
    const file = await this.#fs.open(path, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async #commit(staging: string): Promise<void> {
    const committed = this.#path(COMMITTED);
    await this.#attempt('save into', this.location, () => this.#fs.rename(staging, committed));
    try {
      await this.#syncDirectory(this.location);
    } catch (error) {
      await this.#undoCommit(staging);
      throw error;
    }
  }

  async #undoCommit(staging: string): Promise<void> {
    await this.#attempt('undo the save into', this.location, () =>
      this.#fs.rename(this.#path(COMMITTED), staging),
    );
  }

  /** Finishes a save that an earlier process committed and did not live to finish. */
  async #finishCommitted(): Promise<void> {
    const names = await this.#attempt('list', this.location, () => this.#committedNames());
    if (names) await this.#moveIntoPlace(names);
  }

  /**
   * Moves a committed set to its place, `config.json` last: it is what readers open first.
   *
   * @param staging where the set came from: it goes back there when not even its first file moves.
   */
  async #moveIntoPlace(names: string[], staging?: string): Promise<void> {
    names.sort((a, b) => Number(a === 'config.json') - Number(b === 'config.json'));
    for (const name of names) {
      try {
        // Missing when another process is finishing the same set.
        await unlessMissing(this.#fs.rename(this.#committed(name), this.#path(name)));
      } catch (cause) {
        if (staging === undefined || name !== names[0]) throw this.#unfinishedError(name, cause);
        await this.#undoCommit(staging);
        throw storageError('replace', this.#path(name), cause);
      }
    }
    await this.#syncDirectory(this.location);
    await this.#removeCommittedFolder();
  }

  async #removeCommittedFolder(): Promise<void> {
    try {
      await unlessMissing(this.#fs.rmdir(this.#path(COMMITTED)));
    } catch (cause) {
      // Not empty: another writer has committed its own set meanwhile, and will finish it.
      if (codeOf(cause) === 'ENOTEMPTY' || codeOf(cause) === 'EEXIST') return;
      throw storageError('remove', this.#path(COMMITTED), cause);
    }
  }

  #unfinishedError(name: string, cause: unknown): AnyformerError {
    return new AnyformerError(
      'STORAGE',
      `The latest save is complete in ${this.#path(COMMITTED)} and is read from there, but ${this.#path(name)} could not be replaced (${codeOf(cause)}). Make that file replaceable and save again, or move the files by hand.`,
      { cause },
    );
  }

  /** Undefined where nothing is committed. */
  #committedNames(): Promise<string[] | undefined> {
    return unlessMissing(this.#fs.readdir(this.#path(COMMITTED)));
  }

  async #syncDirectory(path: string): Promise<void> {
    try {
      const handle = await this.#fs.open(path, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (cause) {
      // Windows cannot open a directory, some network file systems cannot sync one.
      if (['EISDIR', 'EPERM', 'EINVAL', 'ENOTSUP'].includes(codeOf(cause))) return;
      throw storageError('sync', path, cause);
    }
  }

  async #removeStaleStaging(): Promise<void> {
    try {
      for (const name of await this.#fs.readdir(this.location)) {
        if (!name.startsWith(STAGING)) continue;
        const { mtimeMs } = await this.#fs.stat(this.#path(name));
        if (Date.now() - mtimeMs > STALE_AFTER_MS) {
          await this.#fs.rm(this.#path(name), { recursive: true, force: true });
        }
      }
    } catch {
      // Leftovers cost space and harm nothing: no reason to refuse a save.
    }
  }

  async #cleanUp(staging: string | undefined, removeDirectory: boolean): Promise<void> {
    try {
      if (staging) await this.#fs.rm(staging, { recursive: true, force: true });
      if (removeDirectory) await this.#fs.rmdir(this.location);
    } catch {
      // The error that led here matters more; what stays is hidden and removed as stale later.
    }
  }

  async #attempt<T>(action: string, path: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (cause) {
      throw storageError(action, path, cause);
    }
  }
}

const NEXT_STEPS: Readonly<Record<string, string>> = {
  ENOENT: 'It does not exist: check the path.',
  ENOTDIR: 'A part of the path is a file, not a directory: check the path.',
  EISDIR: 'It is a directory, not a file: check the path.',
  EACCES: 'Permission denied: change the permissions or choose another directory.',
  EPERM: 'Not permitted: change the permissions or choose another directory.',
  EROFS: 'The file system is read-only: choose another directory.',
  ENOSPC: 'The disk is full: free some space or choose another disk.',
  EDQUOT: 'The disk quota is used up: free some space or choose another disk.',
  EMFILE: 'Too many files are open: close some, or raise the limit (ulimit -n).',
  EBUSY: 'Another program has it open: close that and try again.',
  ENOTEMPTY: 'Another save into this directory is under way: wait for it and save again.',
  EEXIST: 'A file of that name is in the way: choose another path.',
};

function storageError(action: string, path: string, cause: unknown): AnyformerError {
  if (cause instanceof AnyformerError) return cause;
  const code = codeOf(cause);
  const next = NEXT_STEPS[code] ?? (cause instanceof Error ? cause.message : String(cause));
  return new AnyformerError('STORAGE', `Cannot ${action} ${path} (${code}). ${next}`, { cause });
}

function codeOf(cause: unknown): string {
  const code = (cause as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : 'unknown error';
}

async function unlessMissing<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw cause;
  }
}
