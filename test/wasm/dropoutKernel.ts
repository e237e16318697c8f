import { type GuardedMemory, runSplit } from './guardedMemory.ts';
import { DROPOUT_UNIT, dropLimit, hash, rowKeys } from './reference/hash.ts';

export function dropoutKernel(
  guarded: GuardedMemory,
  fractions: readonly number[],
  x: Float32Array,
  seed: number,
  rate: number,
) {
  const [y] = runSplit(guarded, fractions, (memory, parts) => {
    const [input, output] = [memory.f32(x), memory.f32(x.length)];
    for (const [begin, end] of parts(x.length)) {
      memory.kernels.f32_dropout!(input, output, seed, rate, begin, end);
    }
    return [memory.readF32(output, x.length)];
  });
  return y as Float32Array;
}

/** The reference, to the bit. */
export function dropout(x: Float32Array, seed: number, rate: number): Float32Array {
  const keys = rowKeys(seed, DROPOUT_UNIT, 0);
  const scale = Math.fround(1 / (1 - Math.fround(rate)));
  return x.map((value, i) => value * (rate === 0 || hash(i, keys) > dropLimit(rate) ? scale : 0));
}
