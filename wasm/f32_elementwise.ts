// The element-wise kernels that need no mathematics. Ranges are of elements unless said otherwise.

import { at, loadLanes, rowAt, storeLanes, zeroFill } from './lib/address';
import { fma } from './lib/math';
import { addRows } from './lib/rows';

/** y = a + b. y may be a or b. */
export function f32_add(a: usize, b: usize, y: usize, begin: i32, end: i32): void {
  const offset = at(0, begin);
  addRows(a + offset, b + offset, y + offset, end - begin);
}

/** Rows [begin, end) of y = x + bias, x (N, D), bias (D). y may be x. */
export function f32_addBias(x: usize, bias: usize, y: usize, D: i32, begin: i32, end: i32): void {
  for (let row = begin; row < end; row++) addRows(rowAt(x, row, D), bias, rowAt(y, row, D), D);
}

/** y += factor x. */
export function f32_addScaled(x: usize, factor: f32, y: usize, begin: i32, end: i32): void {
  const factors = f32x4.splat(factor);
  const last = at(0, end);
  let j = at(0, begin);
  for (; j + 16 <= last; j += 16) {
    v128.store(y + j, fma(factors, v128.load(x + j), v128.load(y + j)));
  }
  const rest = (<i32>(last - j)) >> 2;
  if (rest > 0) {
    storeLanes(y + j, fma(factors, loadLanes(x + j, rest), loadLanes(y + j, rest)), rest);
  }
}

/** y = factor x. y may be x. */
export function f32_scale(x: usize, factor: f32, y: usize, begin: i32, end: i32): void {
  const factors = f32x4.splat(factor);
  const last = at(0, end);
  let j = at(0, begin);
  for (; j + 16 <= last; j += 16) v128.store(y + j, f32x4.mul(factors, v128.load(x + j)));
  for (; j < last; j += 4) store<f32>(y + j, factor * load<f32>(x + j));
}

/** y = value. */
export function f32_fill(y: usize, value: f32, begin: i32, end: i32): void {
  // Zeros are written faster by the host than by vectors of ours; minus zero has a bit that is set.
  if (reinterpret<i32>(value) == 0) {
    if (end > begin) zeroFill(at(y, begin), end - begin);
    return;
  }
  const values = f32x4.splat(value);
  const last = at(0, end);
  let j = at(0, begin);
  for (; j + 16 <= last; j += 16) v128.store(y + j, values);
  for (; j < last; j += 4) store<f32>(y + j, value);
}

/** The index of the first NaN or Infinity among the elements [begin, end), or -1. */
export function f32_firstNonFinite(x: usize, begin: i32, end: i32): i32 {
  const last = at(0, end);
  const zero = f32x4.splat(0);
  let j = at(0, begin);
  for (; j + 64 <= last; j += 64) {
    // x * 0 is 0 for a finite number and NaN for all others; NaN survives the sum.
    let sum = f32x4.mul(v128.load(x + j), zero);
    sum = f32x4.add(sum, f32x4.mul(v128.load(x + j, 16), zero));
    sum = f32x4.add(sum, f32x4.mul(v128.load(x + j, 32), zero));
    sum = f32x4.add(sum, f32x4.mul(v128.load(x + j, 48), zero));
    if (v128.any_true(f32x4.ne(sum, zero))) break;
  }
  for (; j < last; j += 4) {
    const value = load<f32>(x + j);
    if (value - value != 0) return (<i32>j) >> 2;
  }
  return -1;
}
