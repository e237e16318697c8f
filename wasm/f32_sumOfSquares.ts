// The squared norm of float32 data, summed in float64: the global norm of all gradients neither
// overflows (float32 squares do from 1.8e19 on) nor depends on the order of threads.

import { at, larger, loadLanes, smaller } from './lib/address';

/** Elements per chunk; fixed, so that the bits do not depend on the number of threads. */
const ELEMENTS_PER_CHUNK: i32 = 4096;

/** How many chunks, and so float64 partial sums, n elements make. */
export function f32_sumOfSquaresChunks(n: i32): i32 {
  return larger((n + ELEMENTS_PER_CHUNK - 1) / ELEMENTS_PER_CHUNK, 0);
}

/**
 * Phase 1: partials[chunk] = sum of x^2 over the 4,096 elements of a chunk, for the chunks
 * [beginChunk, endChunk); phase 2 is {@link f64_sum}.
 *
 * @param x (n) float32
 * @param partials (chunks) float64
 */
export function f32_sumOfSquares(
  x: usize,
  partials: usize,
  n: i32,
  beginChunk: i32,
  endChunk: i32,
): void {
  for (let chunk = beginChunk; chunk < endChunk; chunk++) {
    const first = chunk * ELEMENTS_PER_CHUNK;
    const count = smaller(ELEMENTS_PER_CHUNK, n - first);
    store<f64>(partials + ((<usize>chunk) << 3), squares(at(x, first), count));
  }
}

function squares(x: usize, count: i32): f64 {
  const last = at(x, count);
  let low = f64x2.splat(0);
  let high = low;
  for (; x + 16 <= last; x += 16) {
    const lanes = v128.load(x);
    const first = f64x2.promote_low_f32x4(lanes);
    const second = f64x2.promote_low_f32x4(v128.shuffle<i64>(lanes, lanes, 1, 0));
    low = f64x2.add(low, f64x2.mul(first, first));
    high = f64x2.add(high, f64x2.mul(second, second));
  }
  if (count & 3) {
    const lanes = loadLanes(x, count & 3);
    const first = f64x2.promote_low_f32x4(lanes);
    const second = f64x2.promote_low_f32x4(v128.shuffle<i64>(lanes, lanes, 1, 0));
    low = f64x2.add(low, f64x2.mul(first, first));
    high = f64x2.add(high, f64x2.mul(second, second));
  }
  const sum = f64x2.add(low, high);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** The sum of `count` float64 numbers, in order. */
export function f64_sum(values: usize, count: i32): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < count; i++) sum += load<f64>(values + ((<usize>i) << 3));
  return sum;
}
