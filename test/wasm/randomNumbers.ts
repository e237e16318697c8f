import { Random } from '../../src/core/random.ts';

/** Float32-exact numbers, uniform in [-scale, scale], the same for the same seed. */
export function randomNumbers(count: number, seed: number, scale = 2): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: count }, () => (random.uniform() * 2 - 1) * scale);
}

/** Integers in [low, high). */
export function randomIntegers(count: number, seed: number, low: number, high: number): Int32Array {
  const random = new Random(seed);
  return Int32Array.from({ length: count }, () => low + random.below(high - low));
}
