// Pooling over time of the rows that a mask keeps. Ranges are of the batch.
//
// A masked row is skipped, not multiplied by zero: what stands in the padding never matters, not even
// a NaN. A sequence without any kept row pools to 0.

import { at, larger, loadLanes, rowAt, storeLanes, zeroFill } from './lib/address';
import { addRow, affineRow, vectorBytes } from './lib/rows';

/** Whether element `index` is kept: not zero, in a mask of 1-byte or 4-byte (int32, float32) elements. */
@inline
function isKept(mask: usize, maskBytes: i32, index: i32): bool {
  if (!mask) return true;
  if (maskBytes == 1) return load<u8>(mask + <usize>index) != 0;
  return (load<u32>(at(mask, index)) & 0x7fffffff) != 0;
}

function keptRows(mask: usize, maskBytes: i32, first: i32, T: i32): i32 {
  let count = 0;
  for (let t = 0; t < T; t++) if (isKept(mask, maskBytes, first + t)) count++;
  return count;
}

/**
 * Batch entries [begin, end) of y = mean over the kept rows of x.
 *
 * @param x (B, T, D)
 * @param mask (B, T), or 0: everything is kept
 * @param maskBytes bytes per element of the mask, 1 or 4
 * @param y (B, D)
 */
export function f32_maskedMean(
  x: usize,
  mask: usize,
  maskBytes: i32,
  y: usize,
  T: i32,
  D: i32,
  begin: i32,
  end: i32,
): void {
  for (let b = begin; b < end; b++) {
    const target = rowAt(y, b, D);
    zeroFill(target, D);
    for (let row = b * T; row < (b + 1) * T; row++) {
      if (isKept(mask, maskBytes, row)) addRow(rowAt(x, row, D), target, D);
    }
    const count = larger(keptRows(mask, maskBytes, b * T, T), 1);
    affineRow(target, <f32>1 / (<f32>count), 0, target, D);
  }
}

/** Batch entries [begin, end) of dx (B, T, D): dy / count in the kept rows, 0 in the others. */
export function f32_maskedMeanGrad(
  dy: usize,
  mask: usize,
  maskBytes: i32,
  dx: usize,
  T: i32,
  D: i32,
  begin: i32,
  end: i32,
): void {
  for (let b = begin; b < end; b++) {
    const count = larger(keptRows(mask, maskBytes, b * T, T), 1);
    const factor: f32 = <f32>1 / (<f32>count);
    for (let row = b * T; row < (b + 1) * T; row++) {
      const target = rowAt(dx, row, D);
      if (isKept(mask, maskBytes, row)) affineRow(rowAt(dy, b, D), factor, 0, target, D);
      else zeroFill(target, D);
    }
  }
}

/**
 * Batch entries [begin, end) of y = the largest number of each column over the kept rows of x; NaN
 * where a kept one is NaN.
 *
 * @param x (B, T, D)
 * @param mask (B, T), or 0: everything is kept
 * @param maskBytes bytes per element of the mask, 1 or 4
 * @param y (B, D)
 * @param places (B, D) int32, receives the time of the first largest number, -1 where nothing is kept
 */
export function f32_maskedMax(
  x: usize,
  mask: usize,
  maskBytes: i32,
  y: usize,
  places: usize,
  T: i32,
  D: i32,
  begin: i32,
  end: i32,
): void {
  for (let b = begin; b < end; b++) {
    const target = rowAt(y, b, D);
    const place = rowAt(places, b, D);
    let isFirst = true;
    for (let t = 0; t < T; t++) {
      const row = b * T + t;
      if (!isKept(mask, maskBytes, row)) continue;
      if (isFirst) {
        memory.copy(target, rowAt(x, row, D), rowAt(0, 1, D));
        fillPlaces(place, t, D);
      } else maxRow(rowAt(x, row, D), target, place, t, D);
      isFirst = false;
    }
    if (isFirst) {
      zeroFill(target, D);
      fillPlaces(place, -1, D);
    }
  }
}

function fillPlaces(place: usize, t: i32, D: i32): void {
  for (let j = 0; j < D; j++) store<i32>(at(place, j), t);
}

/** Takes x where it is larger, or the first NaN. */
@inline
function isBetter(x: v128, best: v128): v128 {
  const isFirstNaN = v128.andnot(f32x4.ne(x, x), f32x4.ne(best, best));
  return v128.or(f32x4.gt(x, best), isFirstNaN);
}

function maxRow(x: usize, best: usize, place: usize, t: i32, D: i32): void {
  const times = i32x4.splat(t);
  const full = vectorBytes(D);
  let j: usize = 0;
  for (; j < full; j += 16) {
    const value = v128.load(x + j);
    const old = v128.load(best + j);
    const better = isBetter(value, old);
    v128.store(best + j, v128.bitselect(value, old, better));
    v128.store(place + j, v128.bitselect(times, v128.load(place + j), better));
  }
  const rest = D & 3;
  if (rest) {
    const value = loadLanes(x + j, rest);
    const old = loadLanes(best + j, rest);
    const better = isBetter(value, old);
    storeLanes(best + j, v128.bitselect(value, old, better), rest);
    storeLanes(place + j, v128.bitselect(times, loadLanes(place + j, rest), better), rest);
  }
}

/** Batch entries [begin, end) of dx (B, T, D): dy at the places the maximum came from, else 0. */
export function f32_maskedMaxGrad(
  dy: usize,
  places: usize,
  dx: usize,
  T: i32,
  D: i32,
  begin: i32,
  end: i32,
): void {
  for (let b = begin; b < end; b++) {
    for (let t = 0; t < T; t++) zeroFill(rowAt(dx, b * T + t, D), D);
    for (let j = 0; j < D; j++) {
      const t = load<i32>(at(rowAt(places, b, D), j));
      if (t >= 0) store<f32>(at(rowAt(dx, b * T + t, D), j), load<f32>(at(rowAt(dy, b, D), j)));
    }
  }
}
