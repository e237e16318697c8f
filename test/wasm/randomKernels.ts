import { type GuardedMemory, runSplit } from './guardedMemory.ts';
import { hash, RANDOM_UNIT, rowKeys } from './reference/hash.ts';
import { inverseErf } from './reference/inverseErf.ts';

type Distribution = 'f32_randomUniform' | 'f32_randomNormal';

export function randomKernel(
  guarded: GuardedMemory,
  fractions: readonly number[],
  name: Distribution,
  n: number,
  [seed, first, second]: readonly [number, number, number],
) {
  const [y] = runSplit(guarded, fractions, (memory, parts) => {
    const output = memory.f32(n);
    for (const [begin, end] of parts(n)) {
      memory.kernels[name]!(output, seed, first, second, begin, end);
    }
    return [memory.readF32(output, n)];
  });
  return y as Float32Array;
}

/** 24 bits of each element's hash, signed. */
function signedBits(n: number, seed: number): number[] {
  const keys = rowKeys(seed, RANDOM_UNIT, 0);
  return Array.from({ length: n }, (_, i) => hash(i, keys) >> 8);
}

export const uniform = (n: number, seed: number, low: number, high: number) =>
  signedBits(n, seed).map((bits) => low + ((high - low) * (bits & 0xffffff)) / 2 ** 24);

export const normal = (n: number, seed: number, mean: number, deviation: number) =>
  signedBits(n, seed).map(
    (bits) => mean + deviation * Math.SQRT2 * inverseErf((bits | 1) / 2 ** 23),
  );
