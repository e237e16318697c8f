// Sums over rows, in two phases with a fixed split, so that the bits do not depend on the threads:
//
//   phase 1   partials[chunk] = sum of the rows of a chunk       shared out by chunks
//   phase 2   y[column] = sum of partials[chunk][column]         shared out by columns
//
// With phase 2 alone, any matrix of few rows is summed over its rows: a position embedding's gradient
// is `f32_sumPartials(dy, B, T * D, dPosition, …)`.

import { at, loadLanes, rowAt, smaller, storeLanes, zeroFill } from './lib/address';
import { ROWS_PER_CHUNK, addFourRows, addRow, chunkCount } from './lib/rows';

/** Bytes of the partial sums of {@link f32_columnSums}: (chunks, D). */
export function f32_columnSumsPartialBytes(N: i32, D: i32): usize {
  return rowAt(0, chunkCount(N), D);
}

/**
 * Phase 1 of the column sums of x (N, D), for the chunks of rows [beginChunk, endChunk); phase 2 is
 * {@link f32_sumPartials} with stride D. The gradient of a bias.
 */
export function f32_columnSums(
  x: usize,
  partials: usize,
  N: i32,
  D: i32,
  beginChunk: i32,
  endChunk: i32,
): void {
  for (let chunk = beginChunk; chunk < endChunk; chunk++) {
    const sum = rowAt(partials, chunk, D);
    zeroFill(sum, D);
    const first = chunk * ROWS_PER_CHUNK;
    const last = smaller(first + ROWS_PER_CHUNK, N);
    let row = first;
    for (; row + 4 <= last; row += 4) addFourRows(rowAt(x, row, D), sum, D);
    for (; row < last; row++) addRow(rowAt(x, row, D), sum, D);
  }
}

/**
 * y[column] = sum over `chunks` rows of partials[row * stride + column], in order, for the columns
 * [begin, end); zero where there is no row.
 *
 * @param stride floats from row to row
 */
export function f32_sumPartials(
  partials: usize,
  chunks: i32,
  stride: i32,
  y: usize,
  begin: i32,
  end: i32,
): void {
  const step = rowAt(0, 1, stride);
  const last = at(0, end);
  let j = at(0, begin);
  // A cache line at a time: rows that are powers of two apart evict each other before the next visit.
  for (; j + 64 <= last; j += 64) {
    let first = f32x4.splat(0);
    let second = first;
    let third = first;
    let fourth = first;
    let source = partials + j;
    for (let chunk = 0; chunk < chunks; chunk++, source += step) {
      first = f32x4.add(first, v128.load(source));
      second = f32x4.add(second, v128.load(source, 16));
      third = f32x4.add(third, v128.load(source, 32));
      fourth = f32x4.add(fourth, v128.load(source, 48));
    }
    v128.store(y + j, first);
    v128.store(y + j, second, 16);
    v128.store(y + j, third, 32);
    v128.store(y + j, fourth, 48);
  }
  for (; j + 16 <= last; j += 16) {
    let sum = f32x4.splat(0);
    let source = partials + j;
    for (let chunk = 0; chunk < chunks; chunk++, source += step) {
      sum = f32x4.add(sum, v128.load(source));
    }
    v128.store(y + j, sum);
  }
  const rest = (<i32>(last - j)) >> 2;
  if (rest > 0) {
    let sum = f32x4.splat(0);
    let source = partials + j;
    for (let chunk = 0; chunk < chunks; chunk++, source += step) {
      sum = f32x4.add(sum, loadLanes(source, rest));
    }
    storeLanes(y + j, sum, rest);
  }
}
