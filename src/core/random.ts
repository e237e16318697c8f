import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import { AnyformerError, show } from './errors.ts';

/** A snapshot of a generator, plain JSON: what a checkpoint keeps to resume bit-exactly. */
export type RandomState = readonly number[];

const TWO_POW_MINUS_24 = 2 ** -24;

/** Mixes two 32-bit integers into a third one that looks independent of both (murmur3 finalizer). */
export function mixSeeds(seed: number, salt: number): number {
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(salt + 0x632be5ab, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}

/**
 * The only source of randomness in the library: xoroshiro128+ from `pure-rand`, seeded, with a
 * state that can be saved and restored. The same seed gives the same numbers in every runtime.
 *
 * @example
 * const random = new Random(42);
 * random.shuffle([1, 2, 3]);
 */
export class Random {
  #generator: ReturnType<typeof xoroshiro128plusFromState>;

  /** @param seed a 32-bit integer. */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) {
      throw new AnyformerError(
        'INVALID_ARGUMENT',
        `seed must be an integer, received ${show(seed)}; pass for example seed: 42.`,
      );
    }
    // Four mixed words: the library's own seeding leaves small seeds nearly equal at the start.
    this.#generator = xoroshiro128plusFromState([0, 1, 2, 3].map((i) => mixSeeds(seed | 0, i)));
  }

  /** A 32-bit integer, signed, uniform. */
  int32(): number {
    return this.#generator.next() | 0;
  }

  /** A float32-exact number in [0, 1). */
  uniform(): number {
    return (this.#generator.next() >>> 8) * TWO_POW_MINUS_24;
  }

  /** A number from the normal distribution N(0, 1), by Box and Muller. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** An integer in [0, limit), `limit` below 2^24. */
  below(limit: number): number {
    return Math.floor(this.uniform() * limit);
  }

  /** Shuffles in place (Fisher and Yates) and returns the same array. */
  shuffle<T extends unknown[] | Int32Array | Uint32Array>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const kept = items[i];
      items[i] = items[j];
      items[j] = kept;
    }
    return items;
  }

  /** The state as plain numbers, to be given to {@link Random.fromState}. */
  get state(): RandomState {
    return [...this.#generator.getState()];
  }

  /** A generator that goes on exactly where the one that gave `state` stood. */
  static fromState(state: RandomState): Random {
    const random = new Random(0);
    random.#generator = xoroshiro128plusFromState(state);
    return random;
  }
}

/**
 * Seeds for the random operations of one forward pass (dropout), one each call, in order.
 * A training step makes a new stream from its own seed, so a resumed run draws the same masks.
 */
export class SeedStream {
  /** The number of seeds so far; set back, the stream gives the same ones again. */
  position = 0;

  constructor(private readonly seed: number) {}

  /** The next 32-bit seed. */
  next(): number {
    return mixSeeds(this.seed, this.position++);
  }
}
