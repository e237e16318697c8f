// One row times a matrix, without packing: reading B once is all there is to do.

import { at, loadLanes, rowAt, smaller, storeLanes, zeroFill } from './lib/address';
import { finishRow } from './lib/epilogue';
import { fma, hsum } from './lib/math';

/**
 * y[N] = activation(x[K] op(B) (+ y) + bias), for columns from columnBegin up to columnEnd.
 *
 * @param B [K, N] with ldb elements from row to row, or [N, K] when transB.
 * @param bias, preActivation [N], 0 = none.
 * @param activation a code of lib/activation.ts.
 * @param columnEnd one past the last column; N where it is more.
 */
export function f32_gemv(
  x: usize,
  B: usize,
  ldb: i32,
  transB: bool,
  y: usize,
  N: i32,
  K: i32,
  accumulate: bool,
  bias: usize,
  activation: i32,
  preActivation: usize,
  columnBegin: i32,
  columnEnd: i32,
): void {
  const count = smaller(columnEnd, N) - columnBegin;
  if (count <= 0) return;
  const target = at(y, columnBegin);
  if (transB) {
    dotRows(x, rowAt(B, columnBegin, ldb), ldb, target, count, K, accumulate);
  } else {
    if (!accumulate) zeroFill(target, count);
    addRows(x, at(B, columnBegin), ldb, target, count, K);
  }
  if (bias || activation || preActivation) {
    const b = bias ? at(bias, columnBegin) : 0;
    const pre = preActivation ? at(preActivation, columnBegin) : 0;
    finishRow(target, count, b, activation, pre);
  }
}

/** y[N] += x[8] B[8, N], in two sums that overlap in time. */
function addEightRows(x: usize, B: usize, stride: usize, y: usize, N: i32): void {
  const x0 = v128.load32_splat(x);
  const x1 = v128.load32_splat(x, 4);
  const x2 = v128.load32_splat(x, 8);
  const x3 = v128.load32_splat(x, 12);
  const x4 = v128.load32_splat(x, 16);
  const x5 = v128.load32_splat(x, 20);
  const x6 = v128.load32_splat(x, 24);
  const x7 = v128.load32_splat(x, 28);
  const b1 = B + stride;
  const b2 = b1 + stride;
  const b3 = b2 + stride;
  const b4 = b3 + stride;
  const b5 = b4 + stride;
  const b6 = b5 + stride;
  const b7 = b6 + stride;
  const end = (<usize>(N & ~3)) << 2;
  for (let j: usize = 0; j < end; j += 16) {
    let even = fma(x0, v128.load(B + j), v128.load(y + j));
    let odd = f32x4.mul(x1, v128.load(b1 + j));
    even = fma(x2, v128.load(b2 + j), even);
    odd = fma(x3, v128.load(b3 + j), odd);
    even = fma(x4, v128.load(b4 + j), even);
    odd = fma(x5, v128.load(b5 + j), odd);
    even = fma(x6, v128.load(b6 + j), even);
    odd = fma(x7, v128.load(b7 + j), odd);
    v128.store(y + j, f32x4.add(even, odd));
  }
  if (N & 3) addEightRowsLast(x, B + end, stride, y + end, N & 3);
}

/** The last 1 to 3 columns of `addEightRows`: the same sums in the same order. */
function addEightRowsLast(x: usize, B: usize, stride: usize, y: usize, count: i32): void {
  let even = fma(v128.load32_splat(x), loadLanes(B, count), loadLanes(y, count));
  let odd = f32x4.mul(v128.load32_splat(x, 4), loadLanes(B + stride, count));
  for (let i: i32 = 2; i < 8; i += 2) {
    x += 8;
    B += stride * 2;
    even = fma(v128.load32_splat(x), loadLanes(B, count), even);
    odd = fma(v128.load32_splat(x, 4), loadLanes(B + stride, count), odd);
  }
  storeLanes(y, f32x4.add(even, odd), count);
}

/** y[N] += x[K] B[K, N]. */
export function addRows(x: usize, B: usize, ldb: i32, y: usize, N: i32, K: i32): void {
  const stride = (<usize>ldb) << 2;
  const end = (<usize>(N & ~3)) << 2;
  const rest = N & 3;
  let k: i32 = 0;
  for (; k + 8 <= K; k += 8, x += 32, B += stride * 8) addEightRows(x, B, stride, y, N);
  for (; k < K; k++, x += 4, B += stride) {
    const weight = v128.load32_splat(x);
    for (let j: usize = 0; j < end; j += 16) {
      v128.store(y + j, fma(weight, v128.load(B + j), v128.load(y + j)));
    }
    if (rest == 0) continue;
    const sum = fma(weight, loadLanes(B + end, rest), loadLanes(y + end, rest));
    storeLanes(y + end, sum, rest);
  }
}

/** The end of a dot product: what is left after whole groups of eight, and the sum of the lanes. */
@inline
function finishDot(x: usize, row: usize, left: i32, even: v128, odd: v128): f32 {
  if (left >= 4) {
    even = fma(v128.load(x), v128.load(row), even);
    x += 16;
    row += 16;
  }
  const rest = left & 3;
  if (rest) odd = fma(loadLanes(x, rest), loadLanes(row, rest), odd);
  return hsum(f32x4.add(even, odd));
}

@inline
function put(y: usize, value: f32, accumulate: bool): void {
  store<f32>(y, accumulate ? load<f32>(y) + value : value);
}

/** y[N] (+)= B[N, K] x[K], four rows at a time; a row is summed alike in fours and alone. */
export function dotRows(
  x: usize,
  B: usize,
  ldb: i32,
  y: usize,
  N: i32,
  K: i32,
  accumulate: bool,
): void {
  const stride = (<usize>ldb) << 2;
  const whole = (<usize>(K & ~7)) << 2;
  const left = K & 7;
  const zero = f32x4.splat(0);
  let n: i32 = 0;
  for (; n + 4 <= N; n += 4, y += 16, B += stride * 4) {
    const r1 = B + stride;
    const r2 = r1 + stride;
    const r3 = r2 + stride;
    let even0 = zero;
    let even1 = zero;
    let even2 = zero;
    let even3 = zero;
    let odd0 = zero;
    let odd1 = zero;
    let odd2 = zero;
    let odd3 = zero;
    for (let k: usize = 0; k < whole; k += 32) {
      const u = v128.load(x + k);
      const v = v128.load(x + k, 16);
      even0 = fma(u, v128.load(B + k), even0);
      odd0 = fma(v, v128.load(B + k, 16), odd0);
      even1 = fma(u, v128.load(r1 + k), even1);
      odd1 = fma(v, v128.load(r1 + k, 16), odd1);
      even2 = fma(u, v128.load(r2 + k), even2);
      odd2 = fma(v, v128.load(r2 + k, 16), odd2);
      even3 = fma(u, v128.load(r3 + k), even3);
      odd3 = fma(v, v128.load(r3 + k, 16), odd3);
    }
    const end = x + whole;
    put(y, finishDot(end, B + whole, left, even0, odd0), accumulate);
    put(y + 4, finishDot(end, r1 + whole, left, even1, odd1), accumulate);
    put(y + 8, finishDot(end, r2 + whole, left, even2, odd2), accumulate);
    put(y + 12, finishDot(end, r3 + whole, left, even3, odd3), accumulate);
  }
  for (; n < N; n++, y += 4, B += stride) {
    let even = zero;
    let odd = zero;
    for (let k: usize = 0; k < whole; k += 32) {
      even = fma(v128.load(x + k), v128.load(B + k), even);
      odd = fma(v128.load(x + k, 16), v128.load(B + k, 16), odd);
    }
    put(y, finishDot(x + whole, B + whole, left, even, odd), accumulate);
  }
}
