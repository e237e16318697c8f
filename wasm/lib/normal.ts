// The quantile function of the normal distribution, without fused operations, so that random
// initial weights are the same bits in the plain and in the relaxed build.

import {
  EXP_LN2_HIGH,
  EXP_LN2_LOW,
  HALF,
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
  ONE,
  SQRT_HALF,
} from './constants';

/** p x + c, rounded twice. */
@inline
function next(p: v128, x: v128, c: v128): v128 {
  return f32x4.add(f32x4.mul(p, x), c);
}

/** ln x for normal x > 0: lib/math.ts's log without its special cases and without fusing. */
@inline
function unfusedLog(table: usize, x: v128): v128 {
  const one = v128.load(table, ONE);
  const m = v128.or(v128.and(x, v128.load(table, MANTISSA_MASK)), v128.load(table, HALF));
  const isLow = f32x4.lt(m, v128.load(table, SQRT_HALF));
  const exponent = i32x4.sub(i32x4.shr_u(x, 23), i32x4.splat(126));
  const e = f32x4.sub(f32x4.convert_i32x4_s(exponent), v128.and(one, isLow));
  const f = f32x4.add(f32x4.sub(m, one), v128.and(m, isLow));
  const square = f32x4.mul(f, f);
  let p = next(v128.load(table, LOG_8), f, v128.load(table, LOG_7));
  p = next(p, f, v128.load(table, LOG_6));
  p = next(p, f, v128.load(table, LOG_5));
  p = next(p, f, v128.load(table, LOG_4));
  p = next(p, f, v128.load(table, LOG_3));
  p = next(p, f, v128.load(table, LOG_2));
  p = next(p, f, v128.load(table, LOG_1));
  p = next(p, f, v128.load(table, LOG_0));
  p = f32x4.mul(f32x4.mul(p, f), square);
  p = next(e, v128.load(table, EXP_LN2_LOW), p);
  p = f32x4.sub(p, f32x4.mul(square, v128.load(table, HALF)));
  return next(e, v128.load(table, EXP_LN2_HIGH), f32x4.add(f, p));
}

/**
 * sqrt(2) erfinv(x) for x in (-1, 1): a standard normal number where x is uniform. The single
 * precision approximation of M. Giles, "Approximating the erfinv function" (2010).
 */
@inline
export function normalQuantile(table: usize, x: v128): v128 {
  const one = v128.load(table, ONE);
  const inside = f32x4.mul(f32x4.sub(one, x), f32x4.add(one, x));
  const w = f32x4.neg(unfusedLog(table, inside));
  const central = f32x4.sub(w, f32x4.splat(2.5));
  const tail = f32x4.sub(f32x4.sqrt(w), f32x4.splat(3));
  let p = f32x4.splat(2.81022636e-8);
  p = next(p, central, f32x4.splat(3.43273939e-7));
  p = next(p, central, f32x4.splat(-3.5233877e-6));
  p = next(p, central, f32x4.splat(-4.39150654e-6));
  p = next(p, central, f32x4.splat(2.1858087e-4));
  p = next(p, central, f32x4.splat(-1.25372503e-3));
  p = next(p, central, f32x4.splat(-4.17768164e-3));
  p = next(p, central, f32x4.splat(2.46640727e-1));
  p = next(p, central, f32x4.splat(1.50140941));
  let q = f32x4.splat(-2.00214257e-4);
  q = next(q, tail, f32x4.splat(1.00950558e-4));
  q = next(q, tail, f32x4.splat(1.34934322e-3));
  q = next(q, tail, f32x4.splat(-3.67342844e-3));
  q = next(q, tail, f32x4.splat(5.73950773e-3));
  q = next(q, tail, f32x4.splat(-7.6224613e-3));
  q = next(q, tail, f32x4.splat(9.43887047e-3));
  q = next(q, tail, f32x4.splat(1.00167406));
  q = next(q, tail, f32x4.splat(2.83297682));
  const ratio = v128.bitselect(p, q, f32x4.lt(w, f32x4.splat(5)));
  return f32x4.mul(f32x4.mul(ratio, x), f32x4.splat(1.4142135623730951));
}
