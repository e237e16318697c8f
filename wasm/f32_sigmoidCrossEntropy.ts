// Sigmoid cross-entropy with logits, the loss and its gradient. Ranges are of elements.
//
//   loss = weight (max(x, 0) - x t + log(1 + e^-|x|)),   t' = (1 - smoothing) t + smoothing / 2
//   dx   = gradScale weight (sigmoid(x) - t)

import { at } from './lib/address';
import { ABSOLUTE_MASK, ONE, constantTable } from './lib/constants';
import { loadCount, storeCount } from './lib/lanes';
import { exp, fma, log } from './lib/math';

/**
 * Elements [begin, end) of the loss, stable for logits of any size.
 *
 * @param logits (n)
 * @param targets (n), in [0, 1]
 * @param weights (n), one factor per element, or 0: all 1
 * @param losses (n), or 0: not computed
 * @param gradient (n), may be logits, or 0: not computed
 * @param smoothing label smoothing in [0, 1]: targets are moved towards 1/2
 * @param gradScale what each gradient is multiplied with, for a mean 1 / n
 */
export function f32_sigmoidCrossEntropy(
  logits: usize,
  targets: usize,
  weights: usize,
  losses: usize,
  gradient: usize,
  smoothing: f32,
  gradScale: f32,
  begin: i32,
  end: i32,
): void {
  const table = constantTable();
  const keep = f32x4.splat(1 - smoothing);
  const shift = f32x4.splat(smoothing * 0.5);
  const scale = f32x4.splat(gradScale);
  const last = at(0, end);
  let j = at(0, begin);
  for (; j + 16 <= last; j += 16) {
    element(table, logits, targets, weights, losses, gradient, keep, shift, scale, j, 4);
  }
  const rest = (<i32>(last - j)) >> 2;
  if (rest > 0) {
    element(table, logits, targets, weights, losses, gradient, keep, shift, scale, j, rest);
  }
}

/** The `count` elements at the byte offset `j`. */
@inline
function element(
  table: usize,
  logits: usize,
  targets: usize,
  weights: usize,
  losses: usize,
  gradient: usize,
  keep: v128,
  shift: v128,
  scale: v128,
  j: usize,
  count: i32,
): void {
  const x = loadCount(logits + j, count);
  const t = fma(keep, loadCount(targets + j, count), shift);
  const weight = weights ? loadCount(weights + j, count) : v128.load(table, ONE);
  const e = exp(table, f32x4.neg(v128.and(x, v128.load(table, ABSOLUTE_MASK))));
  if (losses) storeCount(losses + j, f32x4.mul(weight, elementLoss(table, x, t, e)), count);
  if (gradient) {
    const slope = f32x4.mul(f32x4.mul(scale, weight), elementSlope(table, x, t, e));
    storeCount(gradient + j, slope, count);
  }
}

@inline
function elementLoss(table: usize, x: v128, t: v128, e: v128): v128 {
  const positive = f32x4.pmax(x, f32x4.splat(0));
  return f32x4.add(f32x4.sub(positive, f32x4.mul(x, t)), logOfOnePlus(table, e));
}

/** sigmoid(x) - t: 1 / (1 + e) for x >= 0, e / (1 + e) below, so that neither tail cancels. */
@inline
function elementSlope(table: usize, x: v128, t: v128, e: v128): v128 {
  const one = v128.load(table, ONE);
  const numerator = v128.bitselect(e, one, f32x4.lt(x, f32x4.splat(0)));
  const probability = f32x4.div(numerator, f32x4.add(one, e));
  return f32x4.sub(v128.or(probability, f32x4.ne(x, x)), t);
}

/** log(1 + e) for e in [0, 1]: Kahan's log(u) e / (u - 1) takes back what rounding u = 1 + e lost. */
@inline
function logOfOnePlus(table: usize, e: v128): v128 {
  const one = v128.load(table, ONE);
  const u = f32x4.add(one, e);
  const rounded = f32x4.sub(u, one);
  const value = f32x4.div(f32x4.mul(log(table, u), e), rounded);
  return v128.bitselect(e, value, f32x4.eq(rounded, f32x4.splat(0)));
}
