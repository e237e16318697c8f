// A few rows times a matrix, without packing: B comes out of memory once for all of them. Each row
// gets the bits that f32_gemv gives it alone.

import { addRows, dotRows } from './f32_gemv';
import { at, larger, rowAt, smaller, zeroFill } from './lib/address';
import { finishRow } from './lib/epilogue';

/** Rows of y that are summed up together. */
const BLOCK_ROWS: i32 = 32;
/** Columns of theirs at least; of fewer rows more, so that they fill 16 to 32 KB of the L1 cache. */
const BLOCK_COLUMNS: i32 = 256;
const BLOCK_FLOATS: i32 = 4096;
/** Rows of B that `addRows` takes at once. */
const GROUP: i32 = 8;

/**
 * y = activation(x op(B) (+ y) + bias) for `rows` rows, and columns from columnBegin up to columnEnd.
 *
 * @param x [rows, K] with xStride elements from row to row.
 * @param B [K, N] with ldb elements from row to row, or [N, K] when transB.
 * @param y [rows, N] with yStride elements from row to row.
 * @param bias [N], 0 = none.
 * @param activation a code of lib/activation.ts.
 * @param columnEnd one past the last column; N where it is more.
 */
export function f32_gemv_rows(
  x: usize,
  xStride: i32,
  rows: i32,
  B: usize,
  ldb: i32,
  transB: bool,
  y: usize,
  yStride: i32,
  N: i32,
  K: i32,
  accumulate: bool,
  bias: usize,
  activation: i32,
  columnBegin: i32,
  columnEnd: i32,
): void {
  const count = smaller(columnEnd, N) - columnBegin;
  if (count <= 0 || rows <= 0) return;
  const target = at(y, columnBegin);
  if (transB) {
    const first = rowAt(B, columnBegin, ldb);
    dotBlocks(x, xStride, rows, first, ldb, target, yStride, count, K, accumulate);
  } else {
    const first = at(B, columnBegin);
    addBlocks(x, xStride, rows, first, ldb, target, yStride, count, K, accumulate);
  }
  if (!bias && !activation) return;
  const shift = bias ? at(bias, columnBegin) : 0;
  for (let row: i32 = 0; row < rows; row++) {
    finishRow(rowAt(target, row, yStride), count, shift, activation, 0);
  }
}

function addBlocks(
  x: usize,
  xStride: i32,
  rows: i32,
  B: usize,
  ldb: i32,
  y: usize,
  yStride: i32,
  N: i32,
  K: i32,
  accumulate: bool,
): void {
  // For a single row nothing is read twice; memory likes whole rows of B best.
  const width = rows == 1 ? N : larger(BLOCK_COLUMNS, (BLOCK_FLOATS / rows) & ~3);
  const depth = rows == 1 ? K : GROUP;
  for (let j: i32 = 0; j < N; j += width) {
    const columns = smaller(width, N - j);
    for (let i: i32 = 0; i < rows; i += BLOCK_ROWS) {
      const last = smaller(i + BLOCK_ROWS, rows);
      if (!accumulate) {
        for (let r = i; r < last; r++) zeroFill(at(rowAt(y, r, yStride), j), columns);
      }
      for (let k: i32 = 0; k < K; k += depth) {
        const block = at(rowAt(B, k, ldb), j);
        const terms = smaller(depth, K - k);
        for (let r = i; r < last; r++) {
          const target = at(rowAt(y, r, yStride), j);
          addRows(at(rowAt(x, r, xStride), k), block, ldb, target, columns, terms);
        }
      }
    }
  }
}

function dotBlocks(
  x: usize,
  xStride: i32,
  rows: i32,
  B: usize,
  ldb: i32,
  y: usize,
  yStride: i32,
  N: i32,
  K: i32,
  accumulate: bool,
): void {
  // Rows of B that are still in the L1 cache when the next row of x comes.
  const height = rows == 1 ? N : larger((BLOCK_FLOATS / larger(K, 1)) & ~3, 4);
  for (let n: i32 = 0; n < N; n += height) {
    const block = rowAt(B, n, ldb);
    const count = smaller(height, N - n);
    for (let r: i32 = 0; r < rows; r++) {
      const target = at(rowAt(y, r, yStride), n);
      dotRows(rowAt(x, r, xStride), block, ldb, target, count, K, accumulate);
    }
  }
}
