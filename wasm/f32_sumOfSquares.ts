// The squared norm of float32 data, summed in float64: the global norm of all gradients neither
// overflows (float32 squares do from 1.8e19 on) nor depends on the order of threads.

import { at, larger, smaller } from './lib/address';

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

/** The squares of two floats in float64. */
@inline
function twoSquares(x: usize): v128 {
  const pair = f64x2.promote_low_f32x4(v128.load64_zero(x));
  return f64x2.mul(pair, pair);
}

/** Four sums, so that an addition need not wait for the one before. */
function squares(x: usize, count: i32): f64 {
  const last = at(x, count);
  let first = f64x2.splat(0);
  let second = first;
  let third = first;
  let fourth = first;
  for (; x + 32 <= last; x += 32) {
    first = f64x2.add(first, twoSquares(x));
    second = f64x2.add(second, twoSquares(x + 8));
    third = f64x2.add(third, twoSquares(x + 16));
    fourth = f64x2.add(fourth, twoSquares(x + 24));
  }
  const both = f64x2.add(f64x2.add(first, second), f64x2.add(third, fourth));
  let sum = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
  for (; x < last; x += 4) {
    const value = <f64>load<f32>(x);
    sum += value * value;
  }
  return sum;
}

/** The sum of `count` float64 numbers, in order. */
export function f64_sum(values: usize, count: i32): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < count; i++) sum += load<f64>(values + ((<usize>i) << 3));
  return sum;
}
