import type { AnyformerBackend } from '../engine/backend.ts';
import { PANEL, packedBytes, packedMatrix, packMatrix } from './packedMatrix.ts';
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

/**
 * Multiplies two matrices. The scratch buffer is used.
 *
 * @param identity of B, whose packed copy is kept when it is multiplied with again; without it B is
 * packed for this product alone.
 */
export function multiply(
  backend: AnyformerBackend,
  product: MatrixProduct,
  identity?: object,
): void {
  const { a, b, c, M, N, K, transposeA, transposeB } = product;
  const { bias = 0, activation = 0, preActivation = 0 } = product;
  if (M === 1) {
    const ldb = transposeB ? K : N;
    const end = [OVERWRITE, bias, activation, preActivation];
    const parameters = [a, b, ldb, Number(transposeB), c, N, K, ...end];
    runRange(backend, 'f32_gemv', parameters, N, { unitWork: K / 4, multiple: PANEL });
    return;
  }
  const matrix = { address: b, K, N, transposed: transposeB };
  const kept = identity && packedMatrix(backend, identity, matrix);
  // What is packed for this product alone is packed in parts that stay in the cache until they are
  // multiplied with. The parts are blocks of the kernel's sums, so the bits are the same.
  const depth = kept === undefined ? Math.min(K, PART_OF_K) : K;
  const packedPart = kept === undefined ? roundUp(packedBytes(backend, depth, N)) : 0;
  const scratchBytes = roundUp(backend.native.f32_gemm_scratchBytes!() >>> 0);
  const scratch = backend.heap.scratch(packedPart + scratchBytes * (backend.pool?.threads ?? 1));
  const lda = transposeA ? M : K;
  let k = 0;
  // At least once: a sum over nothing is zero and has to be stored.
  do {
    const part = Math.min(depth, K - k);
    const isLast = k + part === K;
    if (kept === undefined) {
      packMatrix(backend, { ...matrix, firstRow: k, rows: part }, scratch);
    }
    const partOfA = a + 4 * k * (transposeA ? M : 1);
    const end = isLast ? [bias, activation, preActivation] : [0, 0, 0];
    const sum = k > 0 ? ADD : OVERWRITE;
    runRange(
      backend,
      'f32_gemm_rows',
      [
        ...[partOfA, lda, Number(transposeA), kept ?? scratch, c, N, M, N, part, sum, ...end],
        scratch + packedPart,
      ],
      M,
      { unitWork: (N * part) / 4, multiple: TILE_ROWS, scratchBytes },
    );
    k += part;
  } while (k < K);
}

const OVERWRITE = 0;
const ADD = 1;

/** Two blocks of the kernel's sums over K: BLOCK_K of wasm/f32_gemm_block.ts. */
const PART_OF_K = 768;

/** Rows that divide by the heights of both micro-kernels, 4 and 6: the least piece of a product. */
const TILE_ROWS = 12;

const roundUp = (bytes: number) => Math.ceil(bytes / 64) * 64;

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
  runRange(
    backend,
    'f32_gemm_batch',
    [...first, ...second, c, M * N, N, M, N, K, OVERWRITE, scratch],
    batch,
    { unitWork: (M * N * K) / 4, scratchBytes },
  );
}
