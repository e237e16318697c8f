import type { AnyformerBackend } from '../engine/backend.ts';
import { runRange, threadScratch } from './run.ts';

/** C = activation(op(A) op(B) + bias), row-major and contiguous; op transposes or does nothing. */
export interface MatrixProduct {
  /** Addresses, read after every allocation of the caller. */
  readonly a: number;
  readonly b: number;
  readonly c: number;
  /** op(A) is (M, K), op(B) is (K, N), C is (M, N). */
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  /** (N), or 0: none. */
  readonly bias?: number;
  /** A code of activationName.ts. */
  readonly activation?: number;
  /** (M, N), receives what the activation is applied to, or 0. */
  readonly preActivation?: number;
}

/** Multiplies two matrices. The scratch buffer is used. */
export function multiply(backend: AnyformerBackend, product: MatrixProduct): void {
  const { a, b, c, M, N, K, transposeA, transposeB } = product;
  const { bias = 0, activation = 0, preActivation = 0 } = product;
  const { native, heap } = backend;
  const ldb = transposeB ? K : N;
  const overwrite = 0;
  if (M === 1) {
    const end = [overwrite, bias, activation, preActivation];
    const parameters = [a, b, ldb, Number(transposeB), c, N, K, ...end];
    runRange(backend, 'f32_gemv', parameters, N, { unitWork: K / 4, multiple: PANEL });
    return;
  }
  const packedBytes = native.f32_gemm_packedBytes!(K, N) >>> 0;
  const scratchBytes = roundUp(native.f32_gemm_scratchBytes!() >>> 0);
  const rows = roundUp(packedBytes);
  const packed = heap.scratch(rows + scratchBytes * (backend.pool?.threads ?? 1));
  runRange(
    backend,
    'f32_gemm_packB',
    [b, ldb, Number(transposeB), K, N, packed],
    Math.ceil(N / PANEL),
    { unitWork: PANEL * K },
  );
  const lda = transposeA ? M : K;
  const end = [bias, activation, preActivation, packed + rows];
  runRange(
    backend,
    'f32_gemm_rows',
    [a, lda, Number(transposeA), packed, c, N, M, N, K, overwrite, ...end],
    M,
    { unitWork: (N * K) / 4, multiple: TILE_ROWS, scratchBytes },
  );
}

/** Rows that divide by the heights of both micro-kernels, 4 and 6. */
const TILE_ROWS = 24;

const roundUp = (bytes: number) => Math.ceil(bytes / 64) * 64;

/** Columns that are packed together: the unit of `f32_gemm_packB`. */
const PANEL = 8;

/** Multiplies `batch` pairs of matrices; a step of 0 elements repeats the same one. */
export function multiplyBatch(
  backend: AnyformerBackend,
  product: MatrixProduct & {
    readonly batch: number;
    readonly stepA: number;
    readonly stepB: number;
  },
): void {
  const { a, b, c, M, N, K, transposeA, transposeB, batch, stepA, stepB } = product;
  const bytes = backend.native.f32_gemm_batchScratchBytes!(K, N) >>> 0;
  const { scratch, scratchBytes } = threadScratch(backend, bytes);
  const first = [a, stepA, transposeA ? M : K, Number(transposeA)];
  const second = [b, stepB, transposeB ? K : N, Number(transposeB)];
  const overwrite = 0;
  runRange(
    backend,
    'f32_gemm_batch',
    [...first, ...second, c, M * N, N, M, N, K, overwrite, scratch],
    batch,
    { unitWork: (M * N * K) / 4, scratchBytes },
  );
}
