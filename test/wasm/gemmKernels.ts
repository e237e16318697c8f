import type { GemmProblem } from './gemmCase.ts';
import { type GuardedMemory, runSplit } from './guardedMemory.ts';
import { randomNumbers } from './randomNumbers.ts';
import { matrixProduct } from './reference/matrixProduct.ts';

/** Columns of a packed panel. */
export const PANEL = 8;

/** Runs `f32_gemm_packB` and `f32_gemm_rows`, whole and split; returns C and the pre-activations. */
export function gemm(guarded: GuardedMemory, fractions: readonly number[], p: GemmProblem) {
  return runSplit(guarded, fractions, (memory, parts) => {
    const { M, N, K } = p;
    const { kernels } = memory;
    const [a, b, c] = [memory.f32(p.A), memory.f32(p.B), memory.f32(p.C)];
    const bias = p.bias ? memory.f32(p.bias) : 0;
    const pre = memory.f32(p.C.length);
    const packed = memory.allocate(kernels.f32_gemm_packedBytes!(K, N));
    const scratch = memory.allocate(kernels.f32_gemm_scratchBytes!());
    for (const [begin, end] of parts(Math.ceil(N / PANEL))) {
      kernels.f32_gemm_packB!(b, p.ldb, Number(p.transB), K, N, packed, begin, end);
    }
    for (const [begin, end] of parts(M)) {
      kernels.f32_gemm_rows!(
        ...[a, p.lda, Number(p.transA), packed, c, p.ldc, M, N, K, Number(p.accumulate)],
        ...[bias, p.code, pre, scratch, begin, end],
      );
    }
    return [memory.readF32(c, p.C.length), memory.readF32(pre, p.C.length)] as const;
  });
}

/** A batch of products; `repeat` uses one matrix for all of them. */
export interface BatchCase {
  readonly batch: number;
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly transA: boolean;
  readonly transB: boolean;
  readonly accumulate: boolean;
  readonly repeatA: boolean;
  readonly repeatB: boolean;
}

export interface BatchProblem extends BatchCase {
  readonly A: Float32Array;
  readonly B: Float32Array;
  readonly C: Float32Array;
}

/** The matrices of a batch, each contiguous. */
export function batchProblem(shape: BatchCase): BatchProblem {
  const { batch, M, N, K, repeatA, repeatB } = shape;
  return {
    ...shape,
    A: randomNumbers((repeatA ? 1 : batch) * M * K, 5, 1),
    B: randomNumbers((repeatB ? 1 : batch) * K * N, 6, 1),
    C: randomNumbers(batch * M * N, 7, 1),
  };
}

/** Runs `f32_gemm_batch`, whole and split. */
export function gemmBatch(guarded: GuardedMemory, fractions: readonly number[], p: BatchProblem) {
  const { batch, M, N, K, transA, transB, accumulate, repeatA, repeatB } = p;
  const [result] = runSplit(guarded, fractions, (memory, parts) => {
    const { kernels } = memory;
    const [a, b, c] = [memory.f32(p.A), memory.f32(p.B), memory.f32(p.C)];
    const scratch = memory.allocate(kernels.f32_gemm_batchScratchBytes!(K, N));
    for (const [begin, end] of parts(batch)) {
      kernels.f32_gemm_batch!(
        ...[a, repeatA ? 0 : M * K, transA ? M : K, Number(transA)],
        ...[b, repeatB ? 0 : K * N, transB ? K : N, Number(transB)],
        ...[c, M * N, N, M, N, K, Number(accumulate), scratch, begin, end],
      );
    }
    return [memory.readF32(c, p.C.length)];
  });
  return result as Float32Array;
}

export function batchProduct(p: BatchProblem): number[] {
  const { batch, M, N, K, transA, transB, accumulate, repeatA, repeatB } = p;
  return Array.from({ length: batch }, (_, i) => {
    const matrix = (x: Float32Array, repeated: boolean, size: number) =>
      x.subarray(repeated ? 0 : i * size, (repeated ? 0 : i * size) + size);
    return matrixProduct({
      ...{ M, N, K, transA, transB, accumulate },
      ...{ lda: transA ? M : K, ldb: transB ? K : N, ldc: N },
      A: matrix(p.A, repeatA, M * K),
      B: matrix(p.B, repeatB, K * N),
      C: matrix(p.C, false, M * N),
    }).C;
  }).flat();
}

/** Runs `f32_gemv` on a problem of one row; what went into the activation is left out without one. */
export function gemv(guarded: GuardedMemory, fractions: readonly number[], p: GemmProblem) {
  const { N, K } = p;
  return runSplit(guarded, fractions, (memory, parts) => {
    const [x, b, c] = [memory.f32(p.A), memory.f32(p.B), memory.f32(p.C)];
    const bias = p.bias ? memory.f32(p.bias) : 0;
    const pre = memory.f32(N);
    for (const [begin, end] of parts(N)) {
      memory.kernels.f32_gemv!(
        ...[x, b, p.ldb, Number(p.transB), c, N, K, Number(p.accumulate)],
        ...[bias, p.code, pre, begin, end],
      );
    }
    return [memory.readF32(c, N), memory.readF32(pre, N)] as const;
  });
}

/** Runs `f32_gemv_rows`, and `f32_gemv` on each row: both have to give the same bits. */
export function gemvRows(guarded: GuardedMemory, fractions: readonly number[], p: GemmProblem) {
  const { M, N, K } = p;
  const matrix = [p.ldb, Number(p.transB)];
  return runSplit(guarded, fractions, (memory, parts) => {
    const { kernels } = memory;
    const [x, b, y, z] = [memory.f32(p.A), memory.f32(p.B), memory.f32(p.C), memory.f32(p.C)];
    const bias = p.bias ? memory.f32(p.bias) : 0;
    for (const [begin, end] of parts(N)) {
      kernels.f32_gemv_rows!(
        ...[x, p.lda, M, b, ...matrix, y, p.ldc, N, K, Number(p.accumulate)],
        ...[bias, p.code, begin, end],
      );
    }
    for (let row = 0; row < M; row++) {
      kernels.f32_gemv!(
        ...[x + 4 * row * p.lda, b, ...matrix, z + 4 * row * p.ldc, N, K, Number(p.accumulate)],
        ...[bias, p.code, 0, 0, N],
      );
    }
    return [memory.readF32(y, p.C.length), memory.readF32(z, p.C.length)] as const;
  });
}
