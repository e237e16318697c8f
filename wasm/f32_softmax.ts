// Softmax and log-softmax over the last axis, with their gradients. Ranges are of rows.
//
//   softmax(x)_j = e^(x_j - max) / sum_i e^(x_i - max)
//
// A probability below 2^-126 is exactly 0. A row that holds a NaN, or no number above -Infinity, is
// NaN throughout, as the formula says.

import { at, loadLanes, rowAt, storeLanes } from './lib/address';
import { constantTable } from './lib/constants';
import { exp, fma, fnma, logScalar } from './lib/math';
import { affineRow, rowDot, rowMax, rowSum, vectorBytes } from './lib/rows';
import { storeExponentials, sumExponentials } from './lib/softmaxRow';

/**
 * Rows [begin, end) of y = softmax(scale x + mask).
 *
 * @param x (N, D)
 * @param mask (N / rowsPerMask, D), added after scaling (0 keeps, -Infinity drops), or 0: none
 * @param rowsPerMask how many rows in succession share one row of the mask, at least 1
 * @param y (N, D), may be x
 */
export function f32_softmax(
  x: usize,
  mask: usize,
  rowsPerMask: i32,
  scale: f32,
  y: usize,
  D: i32,
  begin: i32,
  end: i32,
): void {
  const table = constantTable();
  for (let row = begin; row < end; row++) {
    const target = rowAt(y, row, D);
    let source = rowAt(x, row, D);
    if (mask) {
      scaleAndMask(source, scale, rowAt(mask, row / rowsPerMask, D), target, D);
      source = target;
    } else if (scale != 1) {
      affineRow(source, scale, 0, target, D);
      source = target;
    }
    const sum = storeExponentials(table, source, target, D, rowMax(source, D));
    affineRow(target, <f32>1 / sum, 0, target, D);
  }
}

function scaleAndMask(x: usize, scale: f32, mask: usize, y: usize, D: i32): void {
  const factor = f32x4.splat(scale);
  const full = vectorBytes(D);
  let j: usize = 0;
  for (; j < full; j += 16) v128.store(y + j, fma(factor, v128.load(x + j), v128.load(mask + j)));
  const rest = D & 3;
  if (rest) storeLanes(y + j, fma(factor, loadLanes(x + j, rest), loadLanes(mask + j, rest)), rest);
}

/**
 * Rows [begin, end) of dx = scale y (dy - sum(dy y)), the gradient of softmax(scale x + mask).
 *
 * @param y (N, D), the probabilities
 * @param dx (N, D), may be dy or y
 */
export function f32_softmaxGrad(
  y: usize,
  dy: usize,
  scale: f32,
  dx: usize,
  D: i32,
  begin: i32,
  end: i32,
): void {
  const factor = f32x4.splat(scale);
  const full = vectorBytes(D);
  for (let row = begin; row < end; row++) {
    const p = rowAt(y, row, D);
    const d = rowAt(dy, row, D);
    const target = rowAt(dx, row, D);
    const dot = f32x4.splat(rowDot(p, d, D));
    let j: usize = 0;
    for (; j < full; j += 16) {
      const scaled = f32x4.mul(factor, v128.load(p + j));
      v128.store(target + j, f32x4.mul(scaled, f32x4.sub(v128.load(d + j), dot)));
    }
    const rest = D & 3;
    if (rest) {
      const scaled = f32x4.mul(factor, loadLanes(p + j, rest));
      storeLanes(target + j, f32x4.mul(scaled, f32x4.sub(loadLanes(d + j, rest), dot)), rest);
    }
  }
}

/** Rows [begin, end) of y = x - max - log(sum(e^(x - max))), x and y (N, D). y may be x. */
export function f32_logSoftmax(x: usize, y: usize, D: i32, begin: i32, end: i32): void {
  const table = constantTable();
  for (let row = begin; row < end; row++) {
    const source = rowAt(x, row, D);
    const largest = rowMax(source, D);
    const logOfSum = logScalar(table, sumExponentials(table, source, D, largest));
    subtractTwice(source, largest, logOfSum, rowAt(y, row, D), D);
  }
}

/** One subtraction after the other: largest + logOfSum in one number would round for large logits. */
function subtractTwice(x: usize, first: f32, second: f32, y: usize, D: i32): void {
  const last = at(x, D);
  const firsts = f32x4.splat(first);
  const seconds = f32x4.splat(second);
  for (; x + 16 <= last; x += 16, y += 16) {
    v128.store(y, f32x4.sub(f32x4.sub(v128.load(x), firsts), seconds));
  }
  for (; x < last; x += 4, y += 4) store<f32>(y, load<f32>(x) - first - second);
}

/**
 * Rows [begin, end) of dx = dy - e^y sum(dy), the gradient of log-softmax.
 *
 * @param y (N, D), the log-probabilities
 * @param dx (N, D), may be dy or y
 */
export function f32_logSoftmaxGrad(
  y: usize,
  dy: usize,
  dx: usize,
  D: i32,
  begin: i32,
  end: i32,
): void {
  const table = constantTable();
  const full = vectorBytes(D);
  for (let row = begin; row < end; row++) {
    const logs = rowAt(y, row, D);
    const d = rowAt(dy, row, D);
    const target = rowAt(dx, row, D);
    const sum = f32x4.splat(rowSum(d, D));
    let j: usize = 0;
    for (; j < full; j += 16) {
      v128.store(target + j, fnma(exp(table, v128.load(logs + j)), sum, v128.load(d + j)));
    }
    const rest = D & 3;
    if (rest) {
      const p = exp(table, loadLanes(logs + j, rest));
      storeLanes(target + j, fnma(p, sum, loadLanes(d + j, rest)), rest);
    }
  }
}
