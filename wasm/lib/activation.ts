// The activations that matrix products and element-wise kernels share, by code.
// src/kernels/ must use the same numbers.

import { GELU_TANH_CUBE, GELU_TANH_SCALE, HALF, ONE, SIX, SQRT_HALF } from './constants';
import { erf, exp, fma, sigmoid, tanh } from './math';

export const LINEAR: i32 = 0;
export const RELU: i32 = 1;
export const GELU: i32 = 2; // exact, by erf
export const GELU_TANH: i32 = 3;
export const TANH: i32 = 4;
export const SIGMOID: i32 = 5;
export const SILU: i32 = 6;
export const RELU6: i32 = 7;
export const ELU: i32 = 8;

/** x / 2 (1 + erf(x / sqrt 2)). */
@inline
export function gelu(table: usize, x: v128): v128 {
  const half = f32x4.mul(x, v128.load(table, HALF));
  return fma(half, erf(table, f32x4.mul(x, v128.load(table, SQRT_HALF))), half);
}

/** x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))). */
@inline
export function geluTanh(table: usize, x: v128): v128 {
  const cubic = fma(
    f32x4.mul(x, v128.load(table, GELU_TANH_CUBE)),
    f32x4.mul(x, x),
    x,
  );
  const half = f32x4.mul(x, v128.load(table, HALF));
  return fma(half, tanh(table, f32x4.mul(cubic, v128.load(table, GELU_TANH_SCALE))), half);
}

/** x where x > 0, else e^x - 1. */
@inline
export function elu(table: usize, x: v128): v128 {
  const negative = f32x4.sub(exp(table, x), v128.load(table, ONE));
  return v128.bitselect(x, negative, f32x4.gt(x, f32x4.splat(0)));
}

/** Applies the activation of this code. An ordinary function: it is called once per vector. */
export function activate(table: usize, code: i32, x: v128): v128 {
  if (code == RELU) return f32x4.pmax(x, f32x4.splat(0));
  if (code == GELU) return gelu(table, x);
  if (code == GELU_TANH) return geluTanh(table, x);
  if (code == TANH) return tanh(table, x);
  if (code == SIGMOID) return sigmoid(table, x);
  if (code == SILU) return f32x4.mul(x, sigmoid(table, x));
  if (code == RELU6) return f32x4.pmin(f32x4.pmax(x, f32x4.splat(0)), v128.load(table, SIX));
  if (code == ELU) return elu(table, x);
  return x;
}
