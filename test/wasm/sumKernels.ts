import { type GuardedMemory, runSplit } from './guardedMemory.ts';

export function columnSumsKernel(
  guarded: GuardedMemory,
  fractions: readonly number[],
  x: Float32Array,
  D: number,
) {
  const N = x.length / D;
  const [y] = runSplit(guarded, fractions, (memory, parts) => {
    const { f32_columnSums, f32_columnSumsPartialBytes, f32_sumPartials } = memory.kernels;
    const chunks = Math.ceil(N / memory.kernels.rowsPerChunk!());
    const [input, out] = [memory.f32(x), memory.f32(D)];
    const partials = memory.allocate(f32_columnSumsPartialBytes!(N, D));
    for (const [begin, end] of parts(chunks)) f32_columnSums!(input, partials, N, D, begin, end);
    for (const [begin, end] of parts(D)) f32_sumPartials!(partials, chunks, D, out, begin, end);
    return [memory.readF32(out, D)];
  });
  return y as Float32Array;
}

export function sumOfSquaresKernel(
  guarded: GuardedMemory,
  fractions: readonly number[],
  x: Float32Array,
) {
  let total = Number.NaN;
  runSplit(guarded, fractions, (memory, parts) => {
    const chunks = memory.kernels.f32_sumOfSquaresChunks!(x.length);
    const [input, partials] = [memory.f32(x), memory.allocate(8 * chunks)];
    for (const [begin, end] of parts(chunks)) {
      memory.kernels.f32_sumOfSquares!(input, partials, x.length, begin, end);
    }
    total = memory.kernels.f64_sum!(partials, chunks);
    return [memory.readI32(partials, 2 * chunks)];
  });
  return total;
}

export function rowSumsKernel(
  guarded: GuardedMemory,
  fractions: readonly number[],
  x: Float32Array,
  D: number,
) {
  const N = x.length / D;
  const [y] = runSplit(guarded, fractions, (memory, parts) => {
    const [input, out] = [memory.f32(x), memory.f32(N)];
    for (const [begin, end] of parts(N)) memory.kernels.f32_rowSums!(input, out, D, begin, end);
    return [memory.readF32(out, N)];
  });
  return y as Float32Array;
}
