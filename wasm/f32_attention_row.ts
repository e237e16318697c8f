// One row of scores, from q . k to probabilities, and back. Rows stand in scratch, padded to whole
// vectors; exponents are powers of 2, so that a scale and log2 e are one factor.

import { at, laneMask, loadLanes, storeLanes } from './lib/address';
import { constantTable, HASH_STEP, MINUS_INFINITE } from './lib/constants';
import { columnCounters, dropLimit, hash, rowKey, secondRowKey } from './lib/hash';
import { exp2NonPositive, fma, hmax, hsum } from './lib/math';

/** Bytes of `count` floats in whole vectors. */
@inline
function paddedBytes(count: i32): usize {
  return (<usize>((count + 3) & ~3)) << 2;
}

/** Sets the lanes after the first `count` scores, up to a whole vector, to -Infinity. */
@inline
export function closeRow(scores: usize, count: i32): void {
  const rest = count & 3;
  if (rest == 0) return;
  const last = at(scores, count - rest);
  const nothing = v128.load(constantTable(), MINUS_INFINITE);
  v128.store(last, v128.bitselect(v128.load(last), nothing, laneMask(rest)));
}

/** Sets row[from, to) to zero; both in whole vectors. */
@inline
export function clearRow(row: usize, from: i32, to: i32): void {
  const end = row + paddedBytes(to);
  for (let p = row + paddedBytes(from); p < end; p += 16) v128.store(p, f32x4.splat(0));
}

/**
 * scores[j] = min(limit[j], scores[j] * scale + bias[j]), or less of it.
 *
 * @param bias `count` floats of the caller's, 0 = none.
 * @param limit Infinity or -Infinity per key, in whole vectors; 0 = none.
 */
export function transformRow(scores: usize, count: i32, scale: f32, bias: usize, limit: usize): void {
  const scales = f32x4.splat(scale);
  const bytes = paddedBytes(count);
  const whole = (<usize>(count & ~3)) << 2;
  for (let j: usize = 0; j < bytes; j += 16) {
    let score = f32x4.mul(v128.load(scores + j), scales);
    if (bias) {
      const b = j < whole ? v128.load(bias + j) : loadLanes(bias + j, count & 3);
      score = f32x4.add(score, b);
    }
    // In this order a NaN becomes Infinity, and a row with an infinite score becomes NaN;
    // a masked key becomes -Infinity whatever its score.
    if (limit) score = f32x4.pmin(v128.load(limit + j), score);
    v128.store(scores + j, score);
  }
}

/** The largest score of a row; may pass over a NaN. */
@inline
function largestOf(scores: usize, count: i32): f32 {
  const end = scores + paddedBytes(count);
  let even = v128.load(constantTable(), MINUS_INFINITE);
  let odd = even;
  let p = scores;
  for (; p + 32 <= end; p += 32) {
    even = f32x4.pmax(even, v128.load(p));
    odd = f32x4.pmax(odd, v128.load(p, 16));
  }
  if (p < end) even = f32x4.pmax(even, v128.load(p));
  return hmax(f32x4.pmax(even, odd));
}

/** The largest exponent of a row, or {@link STEEP}. */
export function rowShift(scores: usize, count: i32, factor: f32): f32 {
  const shift = largestOf(scores, count) * factor;
  return abs<f32>(shift) <= LARGEST_SHIFT ? shift : STEEP;
}

/**
 * Beyond this the difference of exponent and shift is no longer small where both are: a fused
 * multiplication knows digits of the one that the other has lost.
 */
const LARGEST_SHIFT: f32 = 65536;

/** Stands for the shift of a row that goes through {@link levelRow}: large, infinite or empty. */
export const STEEP: f32 = f32.MAX_VALUE;

/**
 * Subtracts the largest score of a row from all, so that the exponents have a shift of 0. Where all
 * are -Infinity, those of a row that sees a key become NaN.
 *
 * @param bias, limit as in `transformRow`: a key with a bias of -Infinity is not seen either.
 */
export function levelRow(scores: usize, count: i32, bias: usize, limit: usize): void {
  const largest = largestOf(scores, count);
  if (largest == -Infinity) {
    let seesNone = true;
    for (let j: i32 = 0; j < count && seesNone; j++) {
      const isMasked = limit != 0 && load<f32>(at(limit, j)) < 0;
      seesNone = isMasked || (bias != 0 && load<f32>(at(bias, j)) == -Infinity);
    }
    if (seesNone) return;
  }
  const top = f32x4.splat(largest);
  const end = scores + paddedBytes(count);
  for (let p = scores; p < end; p += 16) v128.store(p, f32x4.sub(v128.load(p), top));
}

@inline
function exponential(table: usize, scores: v128, factor: v128, minusShift: v128): v128 {
  return exp2NonPositive(table, fma(scores, factor, minusShift));
}

/** scores[j] = 2^(scores[j] * factor - shift); returns their sum. */
export function exponentiateRow(scores: usize, count: i32, factor: f32, shift: f32): f32 {
  const table = constantTable();
  const factors = f32x4.splat(factor);
  const minusShift = f32x4.splat(-shift);
  const end = scores + paddedBytes(count);
  let sum = f32x4.splat(0);
  for (let p = scores; p < end; p += 16) {
    const power = exponential(table, v128.load(p), factors, minusShift);
    sum = f32x4.add(sum, power);
    v128.store(p, power);
  }
  return hsum(sum);
}

/** target[j] = row[j] * factor for `count` floats; may be the same row. */
export function scaleRow(row: usize, target: usize, count: i32, factor: f32): void {
  const factors = f32x4.splat(factor);
  const whole = (<usize>(count & ~3)) << 2;
  for (let j: usize = 0; j < whole; j += 16) {
    v128.store(target + j, f32x4.mul(v128.load(row + j), factors));
  }
  const rest = count & 3;
  if (rest) storeLanes(target + whole, f32x4.mul(loadLanes(row + whole, rest), factors), rest);
}

/** The sum of a[j] * b[j]. */
export function dotRow(a: usize, b: usize, count: i32): f32 {
  const whole = (<usize>(count & ~3)) << 2;
  const rest = count & 3;
  let sum = f32x4.splat(0);
  for (let j: usize = 0; j < whole; j += 16) sum = fma(v128.load(a + j), v128.load(b + j), sum);
  if (rest) sum = fma(loadLanes(a + whole, rest), loadLanes(b + whole, rest), sum);
  return hsum(sum);
}

/** Drops elements of a row: sets them to zero. The kept ones are scaled later, with the whole row. */
export function dropRow(row: usize, count: i32, rate: f32, seed: i32, unit: i32, index: i32): void {
  const table = constantTable();
  const limit = i32x4.splat(dropLimit(rate));
  const secondKey = i32x4.splat(secondRowKey(seed, unit, index));
  let counters = columnCounters(0, rowKey(seed, unit, index));
  const end = row + paddedBytes(count);
  for (let p = row; p < end; p += 16) {
    const kept = i32x4.gt_s(hash(table, counters, secondKey), limit);
    v128.store(p, v128.and(v128.load(p), kept));
    counters = i32x4.add(counters, v128.load(table, HASH_STEP));
  }
}

/**
 * Back through the softmax: p = 2^(scores * factor - shift) * inverseSum,
 * gradients[j] = p * (gradients[j] - delta) * scale, scores[j] = p.
 *
 * @param delta the sum over the row of p times its gradient, which is output . outputGrad.
 */
export function softmaxGradRow(
  scores: usize,
  gradients: usize,
  count: i32,
  factor: f32,
  shift: f32,
  inverseSum: f32,
  delta: f32,
  scale: f32,
): void {
  const table = constantTable();
  const factors = f32x4.splat(factor);
  const minusShift = f32x4.splat(-shift);
  const inverses = f32x4.splat(inverseSum);
  const deltas = f32x4.splat(delta);
  const scales = f32x4.splat(scale);
  const bytes = paddedBytes(count);
  for (let j: usize = 0; j < bytes; j += 16) {
    const power = exponential(table, v128.load(scores + j), factors, minusShift);
    const p = f32x4.mul(power, inverses);
    v128.store(scores + j, p);
    const difference = f32x4.sub(v128.load(gradients + j), deltas);
    v128.store(gradients + j, f32x4.mul(f32x4.mul(p, scales), difference));
  }
}

/** As `softmaxGradRow` with dropout between softmax and values: scores[j] becomes what met the values. */
export function softmaxDropoutGradRow(
  scores: usize,
  gradients: usize,
  count: i32,
  factor: f32,
  shift: f32,
  inverseSum: f32,
  delta: f32,
  scale: f32,
  rate: f32,
  seed: i32,
  unit: i32,
  index: i32,
): void {
  const table = constantTable();
  const factors = f32x4.splat(factor);
  const minusShift = f32x4.splat(-shift);
  const inverses = f32x4.splat(inverseSum);
  const deltas = f32x4.splat(delta);
  const scales = f32x4.splat(scale);
  const keepScale = f32x4.splat(<f32>1 / (<f32>1 - rate));
  const limit = i32x4.splat(dropLimit(rate));
  const secondKey = i32x4.splat(secondRowKey(seed, unit, index));
  let counters = columnCounters(0, rowKey(seed, unit, index));
  const bytes = paddedBytes(count);
  for (let j: usize = 0; j < bytes; j += 16) {
    const power = exponential(table, v128.load(scores + j), factors, minusShift);
    const p = f32x4.mul(power, inverses);
    const kept = v128.and(i32x4.gt_s(hash(table, counters, secondKey), limit), keepScale);
    counters = i32x4.add(counters, v128.load(table, HASH_STEP));
    v128.store(scores + j, f32x4.mul(p, kept));
    const difference = f32x4.sub(f32x4.mul(v128.load(gradients + j), kept), deltas);
    v128.store(gradients + j, f32x4.mul(f32x4.mul(p, scales), difference));
  }
}
