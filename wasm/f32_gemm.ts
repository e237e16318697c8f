// Matrix products C (+)= op(A) op(B) of float32, after Goto and van de Geijn, "Anatomy of
// high-performance matrix multiplication" (2008): B packed once as a whole, A read in place where its
// rows are contiguous and packed block by block where it is transposed.

import { BLOCK_K, LOW_ROWS, multiplyBlock, PANEL, TILE_BYTES, TILE_ROWS } from './f32_gemm_block';
import { f32_gemm_packB, f32_gemm_packedBytes, packTransposedA } from './f32_gemm_pack';
import { f32_gemv } from './f32_gemv';
import { LINEAR } from './lib/activation';
import { at, rowAt, smaller } from './lib/address';
import { finishRow } from './lib/epilogue';

/** Rows of A that stay in the L2 cache (72 KB) while the panels of B pass by. */
const BLOCK_M: i32 = 48;
/** Columns of B that stay in the outer cache (3 MB with BLOCK_K rows) while the rows of A pass by. */
const BLOCK_N: i32 = 2048;

/** Up to this many rows are multiplied one by one, without packing. */
const THIN: i32 = 3;

/** Bytes of scratch for `f32_gemm_rows`, whatever the shape. */
export function f32_gemm_scratchBytes(): usize {
  return TILE_BYTES + ((<usize>(BLOCK_M * BLOCK_K)) << 2);
}

/** Bytes of scratch for `f32_gemm_batch`: the above and one packed B. */
export function f32_gemm_batchScratchBytes(K: i32, N: i32): usize {
  return f32_gemm_scratchBytes() + f32_gemm_packedBytes(K, N);
}

/**
 * C[M, N] = activation(op(A) op(B) (+ C) + bias), for rows from rowBegin up to rowEnd.
 *
 * @param A [M, K] with lda elements from row to row, or [K, M] when transA.
 * @param packed op(B) as packed by `f32_gemm_packB`.
 * @param C [M, N] with ldc elements from row to row.
 * @param accumulate adds to C instead of overwriting it.
 * @param bias [N], 0 = none.
 * @param activation a code of lib/activation.ts.
 * @param preActivation [M, N] with ldc: what the activation was applied to; 0 = not stored.
 * @param scratch `f32_gemm_scratchBytes()` bytes, one per thread.
 * @param rowEnd one past the last row; M where it is more.
 */
export function f32_gemm_rows(
  A: usize,
  lda: i32,
  transA: bool,
  packed: usize,
  C: usize,
  ldc: i32,
  M: i32,
  N: i32,
  K: i32,
  accumulate: bool,
  bias: usize,
  activation: i32,
  preActivation: usize,
  scratch: usize,
  rowBegin: i32,
  rowEnd: i32,
): void {
  const end = smaller(rowEnd, M);
  const hasEpilogue = bias != 0 || activation != LINEAR || preActivation != 0;
  for (let column: i32 = 0; column < N; column += BLOCK_N) {
    const columns = smaller(BLOCK_N, N - column);
    const panels = packed + ((<usize>K) << 5) * (<usize>(column / PANEL));
    let k: i32 = 0;
    // At least once: a sum over nothing is zero and has to be stored.
    do {
      const depth = smaller(BLOCK_K, K - k);
      const panel = panels + ((<usize>k) << 5);
      const isLast = k + depth == K;
      for (let row = rowBegin; row < end; row += BLOCK_M) {
        const rows = smaller(BLOCK_M, end - row);
        const a = transA ? at(rowAt(A, k, lda), row) : at(rowAt(A, row, lda), k);
        const c = at(rowAt(C, row, ldc), column);
        const add = accumulate || k > 0;
        multiplyRows(a, lda, transA, rows, columns, depth, panel, K, c, ldc, add, scratch);
        if (isLast && hasEpilogue) {
          const b = bias ? at(bias, column) : 0;
          const pre = preActivation ? at(rowAt(preActivation, row, ldc), column) : 0;
          finishRows(c, ldc, rows, columns, b, activation, pre);
        }
      }
      k += BLOCK_K;
    } while (k < K);
  }
}

/** One block of A, packed first where it is transposed. */
function multiplyRows(
  A: usize,
  lda: i32,
  transA: bool,
  rows: i32,
  columns: i32,
  depth: i32,
  panel: usize,
  packedK: i32,
  C: usize,
  ldc: i32,
  accumulate: bool,
  tile: usize,
): void {
  const panelStep = (<usize>packedK) << 5;
  let a = A;
  let rowStep = (<usize>lda) << 2;
  let tileStep = rowStep;
  let step: usize = 4;
  let lowStep = step;
  if (transA) {
    a = tile + TILE_BYTES;
    packTransposedA(A, lda, rows, depth, a);
    rowStep = 4;
    step = <usize>(TILE_ROWS << 2);
    lowStep = <usize>(LOW_ROWS << 2);
    tileStep = (<usize>depth) << 2;
  }
  multiplyBlock(
    rows, columns, depth, a, tileStep, rowStep, step, lowStep,
    panel, panelStep, C, ldc, accumulate, tile,
  );
}

function finishRows(
  C: usize,
  ldc: i32,
  rows: i32,
  columns: i32,
  bias: usize,
  activation: i32,
  preActivation: usize,
): void {
  for (let i: i32 = 0; i < rows; i++) {
    const pre = preActivation ? rowAt(preActivation, i, ldc) : 0;
    finishRow(rowAt(C, i, ldc), columns, bias, activation, pre);
  }
}

/**
 * C_i[M, N] = op(A_i) op(B_i) (+ C_i) for i from batchBegin up to batchEnd.
 *
 * @param strideA, strideB, strideC elements from one matrix to the next; 0 repeats the same one.
 * @param scratch `f32_gemm_batchScratchBytes(K, N)` bytes, one per thread.
 */
export function f32_gemm_batch(
  A: usize,
  strideA: i32,
  lda: i32,
  transA: bool,
  B: usize,
  strideB: i32,
  ldb: i32,
  transB: bool,
  C: usize,
  strideC: i32,
  ldc: i32,
  M: i32,
  N: i32,
  K: i32,
  accumulate: bool,
  scratch: usize,
  batchBegin: i32,
  batchEnd: i32,
): void {
  const packed = scratch + f32_gemm_scratchBytes();
  // Packing B costs more than reading it three times.
  const isThin = transA ? M == 1 && lda == 1 : M <= THIN;
  for (let i = batchBegin; i < batchEnd; i++) {
    const a = rowAt(A, i, strideA);
    const b = rowAt(B, i, strideB);
    const c = rowAt(C, i, strideC);
    if (isThin) {
      for (let row: i32 = 0; row < M; row++) {
        const x = rowAt(a, row, lda);
        f32_gemv(x, b, ldb, transB, rowAt(c, row, ldc), N, K, accumulate, 0, LINEAR, 0, 0, N);
      }
      continue;
    }
    // A shared B is packed once per call.
    if (i == batchBegin || strideB != 0) f32_gemm_packB(b, ldb, transB, K, N, packed, 0, i32.MAX_VALUE);
    f32_gemm_rows(
      a, lda, transA, packed, c, ldc, M, N, K, accumulate, 0, LINEAR, 0, scratch, 0, M,
    );
  }
}
