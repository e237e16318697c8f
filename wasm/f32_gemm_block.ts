// From micro-kernel to matrix: a block of C from rows of A read where they are and packed panels of B.
// Full tiles go straight to C. Tiles at the edges go through a small buffer; their missing rows repeat
// the last one, so nothing outside A is read, and each element is still summed by the same
// instructions in the same order: no result depends on the tile it falls into, nor on its height.

import { multiply4x8 } from './f32_gemm_4x8';
import { multiply6x8 } from './f32_gemm_6x8';
import { at, rowAt, smaller } from './lib/address';

/** Rows of the micro-kernel of this build: relaxed SIMD leaves the registers for 6. */
export const TILE_ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;
/** Rows of the tiles below those: the last rows are divided so that as few as can be are missing. */
export const LOW_ROWS: i32 = 4;

/** How many of the rows are covered by tiles of TILE_ROWS: of 14 the first 6, as 8 are two fours. */
export function tallRows(rows: i32): i32 {
  if (TILE_ROWS == LOW_ROWS) return rows;
  const rest = rows % TILE_ROWS;
  if (rest == 0 || rest > LOW_ROWS) return rows;
  return rest > 2 || rows < TILE_ROWS ? rows - rest : rows - rest - TILE_ROWS;
}

/** Columns of the micro-kernel, and of a packed panel of B. */
export const PANEL: i32 = 8;
/** Bytes of the buffer for tiles at the edges. */
export const TILE_BYTES: usize = 256;
/** Longest sum between two additions to C: a panel of this many rows (12 KB) stays in the L1 cache. */
export const BLOCK_K: i32 = 384;

@inline
function multiplyTile(
  K: i32,
  A: usize,
  rowStep: usize,
  step: usize,
  panel: usize,
  C: usize,
  ldc: i32,
  accumulate: bool,
): void {
  const a1 = A + rowStep;
  const a2 = a1 + rowStep;
  const a3 = a2 + rowStep;
  if (ASC_FEATURE_RELAXED_SIMD) {
    const a4 = a3 + rowStep;
    multiply6x8(K, A, a1, a2, a3, a4, a4 + rowStep, step, panel, C, ldc, accumulate);
  } else {
    multiply4x8(K, A, a1, a2, a3, step, panel, C, ldc, accumulate);
  }
}

@inline
function rowOrLast(A: usize, rowStep: usize, row: i32, rows: i32): usize {
  return A + rowStep * (<usize>smaller(row, rows - 1));
}

/** A tile of `height` rows of which there are only `rows`, or only some columns. */
function multiplyEdge(
  height: i32,
  rows: i32,
  columns: i32,
  K: i32,
  A: usize,
  rowStep: usize,
  step: usize,
  panel: usize,
  C: usize,
  ldc: i32,
  accumulate: bool,
  tile: usize,
): void {
  const a1 = rowOrLast(A, rowStep, 1, rows);
  const a2 = rowOrLast(A, rowStep, 2, rows);
  const a3 = rowOrLast(A, rowStep, 3, rows);
  if (ASC_FEATURE_RELAXED_SIMD && height == TILE_ROWS) {
    const a4 = rowOrLast(A, rowStep, 4, rows);
    const a5 = rowOrLast(A, rowStep, 5, rows);
    multiply6x8(K, A, a1, a2, a3, a4, a5, step, panel, tile, PANEL, false);
  } else {
    multiply4x8(K, A, a1, a2, a3, step, panel, tile, PANEL, false);
  }
  for (let i: i32 = 0; i < rows; i++) {
    for (let j: i32 = 0; j < columns; j++) {
      const c = at(rowAt(C, i, ldc), j);
      const sum = load<f32>(at(rowAt(tile, i, PANEL), j));
      store<f32>(c, accumulate ? load<f32>(c) + sum : sum);
    }
  }
}

/** Up to LOW_ROWS * 2 rows of one panel, in tiles of LOW_ROWS; apart, to leave the tall ones their registers. */
function multiplyLow(
  rows: i32,
  columns: i32,
  K: i32,
  A: usize,
  tileStep: usize,
  rowStep: usize,
  step: usize,
  panel: usize,
  C: usize,
  ldc: i32,
  accumulate: bool,
  tile: usize,
): void {
  for (let i: i32 = 0; i < rows; i += LOW_ROWS, A += tileStep * (<usize>LOW_ROWS)) {
    const c = rowAt(C, i, ldc);
    const height = smaller(LOW_ROWS, rows - i);
    if (height == LOW_ROWS && columns == PANEL) {
      const a1 = A + rowStep;
      const a2 = a1 + rowStep;
      multiply4x8(K, A, a1, a2, a2 + rowStep, step, panel, c, ldc, accumulate);
    } else {
      multiplyEdge(LOW_ROWS, height, columns, K, A, rowStep, step, panel, c, ldc, accumulate, tile);
    }
  }
}

/**
 * C[rows, columns] (+)= A[rows, K] B[K, columns], in one sum over K.
 *
 * The tile at row i of A starts `i * tileStep` bytes after A, its rows are `rowStep` bytes apart and have
 * `step` bytes from k to k + 1, `lowStep` in the low tiles; the panels of B are `panelStep` bytes apart.
 * `tile` points to TILE_BYTES of scratch.
 */
export function multiplyBlock(
  rows: i32,
  columns: i32,
  K: i32,
  A: usize,
  tileStep: usize,
  rowStep: usize,
  step: usize,
  lowStep: usize,
  panel: usize,
  panelStep: usize,
  C: usize,
  ldc: i32,
  accumulate: bool,
  tile: usize,
): void {
  const tall = tallRows(rows);
  const nextTile = tileStep * (<usize>TILE_ROWS);
  for (let j: i32 = 0; j < columns; j += PANEL, panel += panelStep) {
    const width = smaller(PANEL, columns - j);
    let a = A;
    for (let i: i32 = 0; i < tall; i += TILE_ROWS, a += nextTile) {
      const c = at(rowAt(C, i, ldc), j);
      const height = smaller(TILE_ROWS, rows - i);
      if (height == TILE_ROWS && width == PANEL) {
        multiplyTile(K, a, rowStep, step, panel, c, ldc, accumulate);
      } else {
        multiplyEdge(
          TILE_ROWS, height, width, K, a, rowStep, step, panel, c, ldc, accumulate, tile,
        );
      }
    }
    if (ASC_FEATURE_RELAXED_SIMD && tall < rows) {
      const c = at(rowAt(C, tall, ldc), j);
      multiplyLow(
        rows - tall, width, K, a, tileStep, rowStep, lowStep, panel, c, ldc, accumulate, tile,
      );
    }
  }
}

/**
 * C[rows, columns] (+)= A B with A read in place and K cut into blocks of BLOCK_K.
 *
 * @param rowStep bytes from row to row of op(A): 4 lda, or 4 when A is transposed.
 * @param step bytes from k to k + 1: 4, or 4 lda when A is transposed.
 * @param packed B as packed by `f32_gemm_packB` with `packedK` rows, of which the first K are used.
 */
export function multiplyInPlace(
  rows: i32,
  columns: i32,
  K: i32,
  A: usize,
  rowStep: usize,
  step: usize,
  packed: usize,
  packedK: i32,
  C: usize,
  ldc: i32,
  accumulate: bool,
  tile: usize,
): void {
  const panelStep = (<usize>packedK) << 5;
  let k: i32 = 0;
  // At least once: a sum over nothing is zero and has to be stored.
  do {
    const depth = smaller(BLOCK_K, K - k);
    const a = A + step * (<usize>k);
    const panel = packed + ((<usize>k) << 5);
    const add = accumulate || k > 0;
    multiplyBlock(
      rows, columns, depth, a, rowStep, rowStep, step, step, panel, panelStep, C, ldc, add, tile,
    );
    k += BLOCK_K;
  } while (k < K);
}
