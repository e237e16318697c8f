import { type GuardedMemory, runSplit } from './guardedMemory.ts';

type Split = readonly number[];

interface Forward {
  x: Float32Array;
  residual?: Float32Array;
  gamma: Float32Array;
  D: number;
  epsilon: number;
}

interface Backward {
  x: Float32Array;
  dy: Float32Array;
  dSum?: Float32Array;
  gamma: Float32Array;
  D: number;
}

export function layerNormKernel(
  guarded: GuardedMemory,
  fractions: Split,
  { x, residual, gamma, beta, D, epsilon }: Forward & { beta: Float32Array },
) {
  const N = x.length / D;
  const [y, stats, sum] = runSplit(guarded, fractions, (memory, parts) => {
    const [input, other] = [memory.f32(x), residual ? memory.f32(residual) : 0];
    const [scale, shift] = [memory.f32(gamma), memory.f32(beta)];
    const [total, out, saved] = [memory.f32(N * D), memory.f32(N * D), memory.f32(2 * N)];
    for (const [begin, end] of parts(N)) {
      memory.kernels.f32_layerNorm!(
        ...[input, other, total, scale, shift, out, saved, D, epsilon, begin, end],
      );
    }
    return [memory.readF32(out, N * D), memory.readF32(saved, 2 * N), memory.readF32(total, N * D)];
  }) as [Float32Array, Float32Array, Float32Array];
  return { y, stats, sum };
}

export function layerNormGradKernel(
  guarded: GuardedMemory,
  fractions: Split,
  { x, dy, dSum, gamma, stats, D }: Backward & { stats: Float32Array },
) {
  const N = x.length / D;
  const [dx, dgamma, dbeta] = runSplit(guarded, fractions, (memory, parts) => {
    const { f32_layerNormGrad, f32_sumPartials, f32_layerNormGradPartialBytes } = memory.kernels;
    const chunks = Math.ceil(N / memory.kernels.rowsPerChunk!());
    const partials = memory.allocate(f32_layerNormGradPartialBytes!(N, D));
    const [input, d, other] = [memory.f32(x), memory.f32(dy), dSum ? memory.f32(dSum) : 0];
    const [scale, saved, out] = [memory.f32(gamma), memory.f32(stats), memory.f32(N * D)];
    const [outGamma, outBeta] = [memory.f32(D), memory.f32(D)];
    for (const [begin, end] of parts(chunks)) {
      f32_layerNormGrad!(input, d, other, scale, saved, out, partials, N, D, begin, end);
    }
    for (const [begin, end] of parts(D)) {
      f32_sumPartials!(partials, chunks, 2 * D, outGamma, begin, end);
      f32_sumPartials!(partials + 4 * D, chunks, 2 * D, outBeta, begin, end);
    }
    return [memory.readF32(out, N * D), memory.readF32(outGamma, D), memory.readF32(outBeta, D)];
  }) as [Float32Array, Float32Array, Float32Array];
  return { dx, dgamma, dbeta };
}

export function rmsNormKernel(
  guarded: GuardedMemory,
  fractions: Split,
  { x, residual, gamma, D, epsilon }: Forward,
) {
  const N = x.length / D;
  const [y, inverses, sum] = runSplit(guarded, fractions, (memory, parts) => {
    const [input, other, scale] = [
      memory.f32(x),
      residual ? memory.f32(residual) : 0,
      memory.f32(gamma),
    ];
    const [total, out, saved] = [memory.f32(N * D), memory.f32(N * D), memory.f32(N)];
    for (const [begin, end] of parts(N)) {
      memory.kernels.f32_rmsNorm!(input, other, total, scale, out, saved, D, epsilon, begin, end);
    }
    return [memory.readF32(out, N * D), memory.readF32(saved, N), memory.readF32(total, N * D)];
  }) as [Float32Array, Float32Array, Float32Array];
  return { y, inverses, sum };
}

export function rmsNormGradKernel(
  guarded: GuardedMemory,
  fractions: Split,
  { x, dy, dSum, gamma, inverses, D }: Backward & { inverses: Float32Array },
) {
  const N = x.length / D;
  const [dx, dgamma] = runSplit(guarded, fractions, (memory, parts) => {
    const { f32_rmsNormGrad, f32_sumPartials, f32_rmsNormGradPartialBytes } = memory.kernels;
    const chunks = Math.ceil(N / memory.kernels.rowsPerChunk!());
    const partials = memory.allocate(f32_rmsNormGradPartialBytes!(N, D));
    const [input, d, other] = [memory.f32(x), memory.f32(dy), dSum ? memory.f32(dSum) : 0];
    const [scale, saved, out] = [memory.f32(gamma), memory.f32(inverses), memory.f32(N * D)];
    const outGamma = memory.f32(D);
    for (const [begin, end] of parts(chunks)) {
      f32_rmsNormGrad!(input, d, other, scale, saved, out, partials, N, D, begin, end);
    }
    for (const [begin, end] of parts(D)) {
      f32_sumPartials!(partials, chunks, D, outGamma, begin, end);
    }
    return [memory.readF32(out, N * D), memory.readF32(outGamma, D)];
  }) as [Float32Array, Float32Array];
  return { dx, dgamma };
}
