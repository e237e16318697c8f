// Embedding lookup, and its gradient: the sum of rows by segment.

import { at, rowAt, zeroFill } from './lib/address';
import { addRow, addRows } from './lib/rows';

/**
 * Rows [begin, end) of y = embeddings[id] + positions[row mod T]. Returns the first row whose id is
 * not in [0, V) (it is filled with 0, as tfjs does), or -1.
 *
 * @param embeddings (V, D)
 * @param ids (N) int32
 * @param positions (T, D), or 0: none
 * @param y (N, D)
 * @param T rows per sequence; not used without positions
 */
export function f32_embedding(
  embeddings: usize,
  ids: usize,
  positions: usize,
  y: usize,
  V: i32,
  D: i32,
  T: i32,
  begin: i32,
  end: i32,
): i32 {
  let firstBad = -1;
  for (let row = begin; row < end; row++) {
    const id = load<i32>(at(ids, row));
    const target = rowAt(y, row, D);
    if (<u32>id >= <u32>V) {
      if (firstBad < 0) firstBad = row;
      zeroFill(target, D);
    } else if (positions) {
      addRows(rowAt(embeddings, id, D), rowAt(positions, row % T, D), target, D);
    } else {
      memory.copy(target, rowAt(embeddings, id, D), rowAt(0, 1, D));
    }
  }
  return firstBad;
}

/**
 * Columns [beginColumn, endColumn) of y[segment] = sum of the rows of x whose id is `segment`, in
 * the order of the rows; ids outside [0, segments) are dropped. The gradient of an embedding.
 *
 * Shared out by columns, so no two threads write one place; multiples of 16 columns keep them off
 * each other's cache lines.
 * Zeroing a large y by columns writes it in short pieces: several threads are twice as fast when
 * they first share out `f32_fill` over the whole of y, and then add with `accumulate`.
 *
 * @param x (N, D)
 * @param ids (N) int32
 * @param y (segments, D)
 * @param accumulate 0: y starts at zero, 1: adds to what stands in y
 */
export function f32_unsortedSegmentSum(
  x: usize,
  ids: usize,
  y: usize,
  N: i32,
  D: i32,
  segments: i32,
  accumulate: i32,
  beginColumn: i32,
  endColumn: i32,
): void {
  const columns = endColumn - beginColumn;
  if (columns <= 0) return;
  const first = at(0, beginColumn);
  if (!accumulate) {
    if (columns == D) memory.fill(y, 0, rowAt(0, segments, D));
    else {
      for (let segment = 0; segment < segments; segment++) {
        zeroFill(rowAt(y, segment, D) + first, columns);
      }
    }
  }
  for (let row = 0; row < N; row++) {
    const id = load<i32>(at(ids, row));
    if (<u32>id < <u32>segments) addRow(rowAt(x, row, D) + first, rowAt(y, id, D) + first, columns);
  }
}
