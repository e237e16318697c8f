// The derivatives of the activations, from what went into them.

import { ELU, GELU, GELU_TANH, RELU, RELU6, SIGMOID, SILU, TANH } from './activation';
import {
  ABSOLUTE_MASK,
  GELU_DENSITY,
  GELU_TANH_CUBE,
  GELU_TANH_SCALE,
  HALF,
  LOG2_E,
  ONE,
  SIX,
  SQRT_HALF,
} from './constants';
import { erf, exp, exp2NonPositive, fma, sigmoid } from './math';

/** 1 in the lanes where `mask` is set, else 0; NaN where x is NaN, as in a product with step(x). */
@inline
function step(table: usize, x: v128, mask: v128): v128 {
  return v128.or(v128.and(v128.load(table, ONE), mask), f32x4.ne(x, x));
}

/** e^x for x <= 0, cheaper than exp: its error, x 1e-7 of the result, is lost in sums with 1. */
@inline
function expNonPositive(table: usize, x: v128): v128 {
  return exp2NonPositive(table, f32x4.mul(x, v128.load(table, LOG2_E)));
}

/** (1 + erf(x / sqrt 2)) / 2 + x e^(-x^2 / 2) / sqrt(2 pi). */
@inline
function geluSlope(table: usize, x: v128): v128 {
  const half = v128.load(table, HALF);
  const scaled = f32x4.mul(x, v128.load(table, SQRT_HALF));
  const cumulative = fma(half, erf(table, scaled), half);
  const density = expNonPositive(table, f32x4.neg(f32x4.mul(scaled, scaled)));
  return fma(f32x4.mul(x, v128.load(table, GELU_DENSITY)), density, cumulative);
}

/**
 * (1 + t) / 2 + x (1 - t^2) u' / 2 with t = tanh u, u = sqrt(2 / pi) (x + c x^3).
 *
 * 1 - t^2 comes from e = e^(-2 |u|) as 4 e / (1 + e)^2: it multiplies a cubic, so what a rounded
 * tanh leaves over, 1e-7 instead of 0, would grow without bound.
 */
@inline
function geluTanhSlope(table: usize, x: v128): v128 {
  const one = v128.load(table, ONE);
  const half = v128.load(table, HALF);
  const scale = v128.load(table, GELU_TANH_SCALE);
  // Beyond |x| = 100 the slope is 0 or 1; unclamped, the powers of x overflow and 0 * Infinity is NaN.
  const square = f32x4.pmin(f32x4.mul(x, x), f32x4.splat(1e4));
  const cubic = f32x4.mul(square, v128.load(table, GELU_TANH_CUBE));
  const u = f32x4.mul(f32x4.mul(x, scale), f32x4.add(one, cubic));
  const absolute = v128.and(u, v128.load(table, ABSOLUTE_MASK));
  const e = expNonPositive(table, f32x4.mul(absolute, f32x4.splat(-2)));
  const inverse = f32x4.div(one, f32x4.add(one, e));
  const t = f32x4.mul(f32x4.sub(one, e), inverse);
  const signed = v128.bitselect(t, u, v128.load(table, ABSOLUTE_MASK));
  const sech = f32x4.mul(f32x4.mul(f32x4.splat(4), e), f32x4.mul(inverse, inverse));
  const slopeOfU = f32x4.mul(scale, fma(cubic, f32x4.splat(3), one));
  const right = f32x4.mul(f32x4.mul(f32x4.mul(half, x), sech), slopeOfU);
  return f32x4.add(fma(half, signed, half), right);
}

/** s (1 + x (1 - s)) with s = sigmoid x. */
@inline
function siluSlope(table: usize, x: v128): v128 {
  const one = v128.load(table, ONE);
  const s = sigmoid(table, x);
  return f32x4.mul(s, fma(x, f32x4.sub(one, s), one));
}

/** 1 - tanh^2 x = 4 e / (1 + e)^2 with e = e^(-2 |x|), exact in the tails. */
@inline
function tanhSlope(table: usize, x: v128): v128 {
  const one = v128.load(table, ONE);
  const absolute = v128.and(x, v128.load(table, ABSOLUTE_MASK));
  const e = expNonPositive(table, f32x4.mul(absolute, f32x4.splat(-2)));
  const inverse = f32x4.div(one, f32x4.add(one, e));
  return f32x4.mul(f32x4.mul(f32x4.splat(4), e), f32x4.mul(inverse, inverse));
}

/** s (1 - s) = e / (1 + e)^2 with e = e^(-|x|), exact in the tails. */
@inline
function sigmoidSlope(table: usize, x: v128): v128 {
  const one = v128.load(table, ONE);
  const e = expNonPositive(table, f32x4.neg(v128.and(x, v128.load(table, ABSOLUTE_MASK))));
  const inverse = f32x4.div(one, f32x4.add(one, e));
  return f32x4.mul(e, f32x4.mul(inverse, inverse));
}

/** The derivative at x of the activation of this code. */
export function activationSlope(table: usize, code: i32, x: v128): v128 {
  const zero = f32x4.splat(0);
  if (code == RELU) return step(table, x, f32x4.gt(x, zero));
  if (code == GELU) return geluSlope(table, x);
  if (code == GELU_TANH) return geluTanhSlope(table, x);
  if (code == TANH) return tanhSlope(table, x);
  if (code == SIGMOID) return sigmoidSlope(table, x);
  if (code == SILU) return siluSlope(table, x);
  if (code == RELU6) {
    const inside = v128.and(f32x4.gt(x, zero), f32x4.lt(x, v128.load(table, SIX)));
    return step(table, x, inside);
  }
  if (code == ELU) {
    const isPositive = f32x4.gt(x, zero);
    return v128.bitselect(v128.load(table, ONE), exp(table, x), isPositive);
  }
  return v128.load(table, ONE);
}
