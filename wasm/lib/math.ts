// Vector mathematics for the inner loops. Each function takes the address of the constant table
// (lib/constants.ts), held by the kernel in a local. NaN goes through all of them.
//
// Operand order matters: pmax(a, b) is `a < b ? b : a`, so it returns a NaN only in `a`.
// `f32x4.max` would keep both but costs five times as much.

import {
  ABSOLUTE_MASK,
  EXP2_1,
  EXP2_2,
  EXP2_3,
  EXP2_4,
  EXP2_5,
  EXP2_LOW,
  EXP_1,
  EXP_2,
  EXP_3,
  EXP_4,
  EXP_5,
  EXP_HIGH,
  EXP_LN2_HIGH,
  EXP_LN2_LOW,
  EXP_LOW,
  ERF_LIMIT,
  ERF_MINUS_LIMIT,
  ERF_P1,
  ERF_P11,
  ERF_P13,
  ERF_P3,
  ERF_P5,
  ERF_P7,
  ERF_P9,
  ERF_Q0,
  ERF_Q2,
  ERF_Q4,
  ERF_Q6,
  ERF_Q8,
  HALF,
  INFINITE,
  LOG2_E,
  LOG_0,
  LOG_1,
  LOG_2,
  LOG_3,
  LOG_4,
  LOG_5,
  LOG_6,
  LOG_7,
  LOG_8,
  MANTISSA_MASK,
  MINUS_INFINITE,
  ONE,
  ROUND,
  ROUND_BIASED,
  SMALLEST_NORMAL,
  SQRT_HALF,
  TANH_LIMIT,
  TANH_MINUS_LIMIT,
  TANH_P1,
  TANH_P11,
  TANH_P13,
  TANH_P3,
  TANH_P5,
  TANH_P7,
  TANH_P9,
  TANH_Q0,
  TANH_Q2,
  TANH_Q4,
  TANH_Q6,
  TWO_POW_23,
} from './constants';

/** a b + c: fused in the relaxed build, rounded twice in the plain one. */
@inline
export function fma(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  else return f32x4.add(c, f32x4.mul(a, b));
}

/** c - a b. */
@inline
export function fnma(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_nmadd(a, b, c);
  else return f32x4.sub(c, f32x4.mul(a, b));
}

/** The sum of the four lanes, always as (0 + 2) + (1 + 3). */
@inline
export function hsum(lanes: v128): f32 {
  const pairs = f32x4.add(lanes, v128.shuffle<i32>(lanes, lanes, 2, 3, 0, 1));
  const sum = f32x4.add(pairs, v128.shuffle<i32>(pairs, pairs, 1, 0, 3, 2));
  return f32x4.extract_lane(sum, 0);
}

/** The largest of the four lanes; may pass over a NaN. */
@inline
export function hmax(lanes: v128): f32 {
  const pairs = f32x4.pmax(lanes, v128.shuffle<i32>(lanes, lanes, 2, 3, 0, 1));
  const largest = f32x4.pmax(pairs, v128.shuffle<i32>(pairs, pairs, 1, 0, 3, 2));
  return f32x4.extract_lane(largest, 0);
}

/** e^x, 1 ulp or so: exactly 0 below -87.33 (never a denormal), Infinity above 88.72. */
@inline
export function exp(table: usize, x: v128): v128 {
  const clamped = f32x4.pmin(f32x4.pmax(x, v128.load(table, EXP_LOW)), v128.load(table, EXP_HIGH));
  // x = n ln2 + r, with n rounded by the addition of 1.5 * 2^23.
  const rounded = fma(clamped, v128.load(table, LOG2_E), v128.load(table, ROUND));
  const n = f32x4.sub(rounded, v128.load(table, ROUND));
  let r = fnma(n, v128.load(table, EXP_LN2_HIGH), clamped);
  r = fnma(n, v128.load(table, EXP_LN2_LOW), r);
  let p = fma(v128.load(table, EXP_5), r, v128.load(table, EXP_4));
  p = fma(p, r, v128.load(table, EXP_3));
  p = fma(p, r, v128.load(table, EXP_2));
  p = fma(p, r, v128.load(table, EXP_1));
  p = fma(p, r, v128.load(table, HALF));
  p = fma(p, f32x4.mul(r, r), f32x4.add(r, v128.load(table, ONE)));
  // Times 2^n by adding n to the exponent bits: unlike a product it reaches n = 128.
  const scaled = i32x4.add(p, i32x4.shl(rounded, 23));
  const finite = v128.andnot(scaled, f32x4.lt(x, v128.load(table, EXP_LOW)));
  const tooLarge = f32x4.gt(x, v128.load(table, EXP_HIGH));
  const notNumber = f32x4.ne(x, x);
  return v128.or(v128.bitselect(v128.load(table, INFINITE), finite, tooLarge), notNumber);
}

/**
 * 2^x for x <= 0, as a softmax needs it, relative error 2e-7: exactly 0 below -126, because
 * denormals would make the products that follow up to 90 times slower.
 */
@inline
export function exp2NonPositive(table: usize, x: v128): v128 {
  const low = v128.load(table, EXP2_LOW);
  const clamped = f32x4.pmax(x, low);
  const rounded = f32x4.add(clamped, v128.load(table, ROUND_BIASED));
  const f = f32x4.sub(clamped, f32x4.sub(rounded, v128.load(table, ROUND_BIASED)));
  let p = fma(v128.load(table, EXP2_5), f, v128.load(table, EXP2_4));
  p = fma(p, f, v128.load(table, EXP2_3));
  p = fma(p, f, v128.load(table, EXP2_2));
  p = fma(p, f, v128.load(table, EXP2_1));
  p = fma(p, f, v128.load(table, ONE));
  // A product, not an addition to the bits: it costs the same and keeps every NaN a NaN.
  const power = f32x4.mul(p, i32x4.shl(rounded, 23));
  return v128.andnot(power, f32x4.lt(x, low));
}

/** tanh x as a rational function, a few ulp; exactly 1 or -1 beyond +-7.9. */
@inline
export function tanh(table: usize, x: v128): v128 {
  const clamped = f32x4.pmin(
    f32x4.pmax(x, v128.load(table, TANH_MINUS_LIMIT)),
    v128.load(table, TANH_LIMIT),
  );
  const square = f32x4.mul(clamped, clamped);
  let p = fma(square, v128.load(table, TANH_P13), v128.load(table, TANH_P11));
  p = fma(square, p, v128.load(table, TANH_P9));
  p = fma(square, p, v128.load(table, TANH_P7));
  p = fma(square, p, v128.load(table, TANH_P5));
  p = fma(square, p, v128.load(table, TANH_P3));
  p = fma(square, p, v128.load(table, TANH_P1));
  let q = fma(square, v128.load(table, TANH_Q6), v128.load(table, TANH_Q4));
  q = fma(square, q, v128.load(table, TANH_Q2));
  q = fma(square, q, v128.load(table, TANH_Q0));
  const ratio = f32x4.div(f32x4.mul(clamped, p), q);
  // Where the function is flat, the ratio is off by some ulp when multiplications are fused, and
  // x (1 + tanh x) would grow with x.
  const size = v128.and(x, v128.load(table, ABSOLUTE_MASK));
  const isFlat = f32x4.gt(size, v128.load(table, TANH_LIMIT));
  const signedOne = v128.or(v128.load(table, ONE), v128.xor(x, size));
  return v128.bitselect(signedOne, ratio, isFlat);
}

/** The error function, a few ulp. */
@inline
export function erf(table: usize, x: v128): v128 {
  const clamped = f32x4.pmin(
    f32x4.pmax(x, v128.load(table, ERF_MINUS_LIMIT)),
    v128.load(table, ERF_LIMIT),
  );
  const square = f32x4.mul(clamped, clamped);
  let p = fma(square, v128.load(table, ERF_P13), v128.load(table, ERF_P11));
  p = fma(square, p, v128.load(table, ERF_P9));
  p = fma(square, p, v128.load(table, ERF_P7));
  p = fma(square, p, v128.load(table, ERF_P5));
  p = fma(square, p, v128.load(table, ERF_P3));
  p = fma(square, p, v128.load(table, ERF_P1));
  let q = fma(square, v128.load(table, ERF_Q8), v128.load(table, ERF_Q6));
  q = fma(square, q, v128.load(table, ERF_Q4));
  q = fma(square, q, v128.load(table, ERF_Q2));
  q = fma(square, q, v128.load(table, ERF_Q0));
  return f32x4.div(f32x4.mul(clamped, p), q);
}

/** 1 / (1 + e^-x). */
@inline
export function sigmoid(table: usize, x: v128): v128 {
  const one = v128.load(table, ONE);
  return f32x4.div(one, f32x4.add(one, exp(table, f32x4.neg(x))));
}

/** The natural logarithm: -Infinity at 0, NaN below 0, denormals included. */
@inline
export function log(table: usize, x: v128): v128 {
  const one = v128.load(table, ONE);
  const isSmall = f32x4.lt(x, v128.load(table, SMALLEST_NORMAL));
  const normal = v128.bitselect(f32x4.mul(x, v128.load(table, TWO_POW_23)), x, isSmall);
  // x = 2^e m with m in [1/2, 1), then m moved to [sqrt(1/2), sqrt(2)).
  const bias = v128.bitselect(i32x4.splat(126 + 23), i32x4.splat(126), isSmall);
  let e = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_u(normal, 23), bias));
  const m = v128.or(v128.and(normal, v128.load(table, MANTISSA_MASK)), v128.load(table, HALF));
  const isLow = f32x4.lt(m, v128.load(table, SQRT_HALF));
  e = f32x4.sub(e, v128.and(one, isLow));
  const f = f32x4.add(f32x4.sub(m, one), v128.and(m, isLow));
  const square = f32x4.mul(f, f);
  let p = fma(v128.load(table, LOG_8), f, v128.load(table, LOG_7));
  p = fma(p, f, v128.load(table, LOG_6));
  p = fma(p, f, v128.load(table, LOG_5));
  p = fma(p, f, v128.load(table, LOG_4));
  p = fma(p, f, v128.load(table, LOG_3));
  p = fma(p, f, v128.load(table, LOG_2));
  p = fma(p, f, v128.load(table, LOG_1));
  p = fma(p, f, v128.load(table, LOG_0));
  p = f32x4.mul(f32x4.mul(p, f), square);
  p = fma(e, v128.load(table, EXP_LN2_LOW), p);
  p = fnma(square, v128.load(table, HALF), p);
  const finite = fma(e, v128.load(table, EXP_LN2_HIGH), f32x4.add(f, p));
  const zero = f32x4.splat(0);
  const infinite = v128.load(table, INFINITE);
  let result = v128.bitselect(infinite, finite, f32x4.eq(x, infinite));
  result = v128.bitselect(v128.load(table, MINUS_INFINITE), result, f32x4.eq(x, zero));
  // Not "at least zero" is below zero or NaN; all bits set is a NaN.
  return v128.or(result, v128.not(f32x4.ge(x, zero)));
}

/** e^x of one number, the same bits as a lane of {@link exp}. */
@inline
export function expScalar(table: usize, x: f32): f32 {
  return f32x4.extract_lane(exp(table, f32x4.splat(x)), 0);
}

/** ln x of one number, the same bits as a lane of {@link log}. */
@inline
export function logScalar(table: usize, x: f32): f32 {
  return f32x4.extract_lane(log(table, f32x4.splat(x)), 0);
}
