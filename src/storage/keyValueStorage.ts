import { AnyformerError, throwIfAborted } from '../core/errors.ts';
import {
  aloneInBuffer,
  checkFileName,
  checkFiles,
  missingFileError,
  type ReadOptions,
  type Storage,
} from './storage.ts';

/**
 * A store of keys and values: an R2 bucket or a KV namespace of Cloudflare, or an object that
 * answers as one of the two does. `head` tells a bucket.
 */
export interface KeyValueBinding {
  get(key: string, ...options: never[]): Promise<unknown>;
  put(key: string, value: never, ...options: never[]): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  list(options: never): Promise<unknown>;
  head?(key: string): Promise<unknown>;
}

/** What is used of it, as both of them take it. */
interface Store {
  get(key: string, type?: 'arrayBuffer'): Promise<unknown>;
  put(key: string, value: Uint8Array<ArrayBuffer>): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  list(options: { prefix: string; cursor?: string }): Promise<Page>;
  head?(key: string): Promise<unknown>;
}

/** A page of keys: `objects` and `truncated` in R2, `keys` and `list_complete` in KV. */
interface Page {
  readonly objects?: readonly { key: string }[];
  readonly keys?: readonly { name: string }[];
  readonly truncated?: boolean;
  readonly list_complete?: boolean;
  readonly cursor?: string;
}

/**
 * Files in an R2 bucket or a KV namespace, one key each: `models/spam/config.json`.
 *
 * Keys are written one after the other, in the order given. When one is refused, those before it are
 * put back. Who reads a model meanwhile, or after a save that was cut off, is refused by its seal; a
 * mix of two is never loaded.
 *
 * KV takes values up to 25 MiB, and shows what was written within a minute; R2 has no such limits.
 *
 * @param binding as the Worker has it: `env.MODELS`.
 * @param prefix what the keys of this folder begin with.
 *
 * @example
 * const classifier = await TextClassifier.load(new KeyValueStorage(env.MODELS, 'models/spam'));
 */
export class KeyValueStorage implements Storage {
  readonly location: string;
  readonly #store: Store;
  readonly #prefix: string;

  constructor(binding: KeyValueBinding, prefix = '') {
    this.#store = binding as unknown as Store;
    this.#prefix = prefix.replace(/\/*$/, prefix === '' ? '' : '/');
    const kind = typeof binding.head === 'function' ? 'bucket' : 'key-value namespace';
    this.location = this.#prefix === '' ? `the ${kind}` : `${this.#prefix} of the ${kind}`;
  }

  async read(name: string, options: ReadOptions = {}): Promise<Uint8Array> {
    checkFileName(name);
    throwIfAborted(options.signal, `Reading ${name}`);
    const bytes = await this.#get(name);
    throwIfAborted(options.signal, `Reading ${name}`);
    if (bytes === undefined) throw missingFileError(name, this.location, await this.list());
    options.onProgress?.({ name, loadedBytes: bytes.length, totalBytes: bytes.length });
    return bytes;
  }

  async write(files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    checkFiles(files);
    const before = new Map<string, Uint8Array | undefined>();
    for (const [name, bytes] of files) {
      before.set(name, await this.#get(name));
      try {
        await this.#store.put(this.#prefix + name, aloneInBuffer(bytes));
      } catch (cause) {
        const consequence = (await this.#putBack(before))
          ? 'What was there before still stands.'
          : 'What was written before it could not be undone, so nothing can be loaded from there until a save succeeds.';
        throw this.#failure(`write ${name} (${bytes.length} bytes)`, cause, `${consequence} `);
      }
    }
  }

  async has(name: string): Promise<boolean> {
    checkFileName(name);
    const { head } = this.#store;
    // KV can only be asked for all of it, and what has() is asked about is small.
    if (head === undefined) return (await this.#get(name)) !== undefined;
    const found = await this.#attempt(`look for ${name}`, () =>
      head.call(this.#store, this.#prefix + name),
    );
    return found !== null && found !== undefined;
  }

  async list(): Promise<string[]> {
    const names: string[] = [];
    let cursor: string | undefined;
    do {
      const options = { prefix: this.#prefix, ...(cursor !== undefined && { cursor }) };
      const page = await this.#attempt('list the files', () => this.#store.list(options));
      const keys = page.objects?.map(({ key }) => key) ?? page.keys?.map(({ name }) => name) ?? [];
      names.push(...keys.map((key) => key.slice(this.#prefix.length)));
      cursor = page.truncated || page.list_complete === false ? page.cursor : undefined;
    } while (cursor !== undefined);
    return names.filter((name) => !name.includes('/')).sort();
  }

  async remove(name: string): Promise<void> {
    checkFileName(name);
    await this.#attempt(`remove ${name}`, () => this.#store.delete(this.#prefix + name));
  }

  /** Undefined where it is not. */
  #get(name: string): Promise<Uint8Array | undefined> {
    return this.#attempt(`read ${name}`, async () => {
      const key = this.#prefix + name;
      const isBucket = this.#store.head !== undefined;
      const value = await (isBucket ? this.#store.get(key) : this.#store.get(key, 'arrayBuffer'));
      return value === null || value === undefined ? undefined : bytesOfValue(value, key);
    });
  }

  /** Whether it came about. */
  async #putBack(before: ReadonlyMap<string, Uint8Array | undefined>): Promise<boolean> {
    try {
      for (const [name, bytes] of before) {
        const key = this.#prefix + name;
        await (bytes ? this.#store.put(key, aloneInBuffer(bytes)) : this.#store.delete(key));
      }
      return true;
    } catch {
      return false;
    }
  }

  async #attempt<T>(action: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (cause) {
      throw this.#failure(action, cause);
    }
  }

  #failure(action: string, cause: unknown, consequence = ''): AnyformerError {
    if (cause instanceof AnyformerError) return cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new AnyformerError(
      'STORAGE',
      `Cannot ${action} in ${this.location} (${reason}). ${consequence}Try again; KV takes values up to 25 MiB, R2 larger ones.`,
      { cause },
    );
  }
}

async function bytesOfValue(value: unknown, key: string): Promise<Uint8Array> {
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  const { arrayBuffer } = value as { arrayBuffer?: unknown };
  if (typeof arrayBuffer === 'function') return new Uint8Array(await arrayBuffer.call(value));
  if (Object.prototype.toString.call(value) === '[object ArrayBuffer]') {
    return new Uint8Array(value as ArrayBuffer);
  }
  throw new AnyformerError(
    'STORAGE',
    `The value of ${key} is neither bytes nor an object with arrayBuffer(). The store must answer as an R2 bucket or a KV namespace does.`,
  );
}

const METHODS = ['get', 'put', 'delete', 'list'] as const;

/** Told by its methods: bindings have no class that a program could name. */
export function isKeyValueBinding(value: unknown): value is KeyValueBinding {
  if (typeof value !== 'object' || value === null) return false;
  const candidate = value as Record<string, unknown>;
  return METHODS.every((method) => typeof candidate[method] === 'function');
}
