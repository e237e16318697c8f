import { AnyformerError } from '../core/errors.ts';
import type { DecodeCache } from './decodeCache.ts';

/** The caches that a model made: it takes no other, and none once it is disposed of. */
export class OwnCaches {
  readonly #caches = new WeakSet<DecodeCache>();
  #isDisposed = false;

  /** @param owner the class of the model, @param other what another one is called. */
  constructor(
    private readonly owner: string,
    private readonly other: string,
  ) {}

  add(cache: DecodeCache): DecodeCache {
    this.#caches.add(cache);
    return cache;
  }

  /** The cache, where `method` may use it. */
  checked(cache: DecodeCache, method: string): DecodeCache {
    this.checkAlive(method);
    if (this.#caches.has(cache)) return cache;
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `${this.owner}.${method} was given the cache of another ${this.other}; use this one's createCache.`,
    );
  }

  checkAlive(method: string): void {
    if (!this.#isDisposed) return;
    throw new AnyformerError('DISPOSED', `The ${this.owner} was disposed of before ${method}.`);
  }

  dispose(): void {
    this.#isDisposed = true;
  }
}
