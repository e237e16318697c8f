// Stochastic gradient descent with momentum (Sutskever et al. 2013), in place, as PyTorch computes it
// with a dampening of 0.

import { at } from './lib/address';
import { loadCount, storeCount } from './lib/lanes';
import { fma, fnma } from './lib/math';

/**
 * Elements [begin, end) of one step:
 *
 *   g = gradScale gradient + weightDecay p
 *   b = momentum b + g,  g = b, or g + momentum b where nesterov is 1     (with a buffer only)
 *   p = p - learningRate g
 *
 * @param parameter (n), updated
 * @param gradient (n), only read
 * @param buffer (n), the momentum, zero before the first step, updated; 0: no momentum
 * @param nesterov 0 or 1
 * @param gradScale a factor for the gradient: what clipping by the global norm asks for, or 1
 */
export function f32_sgd(
  parameter: usize,
  gradient: usize,
  buffer: usize,
  learningRate: f64,
  momentum: f64,
  nesterov: i32,
  weightDecay: f64,
  gradScale: f64,
  begin: i32,
  end: i32,
): void {
  const rate = f32x4.splat(<f32>learningRate);
  const inertia = f32x4.splat(<f32>momentum);
  const decay = f32x4.splat(<f32>weightDecay);
  const scale = f32x4.splat(<f32>gradScale);
  const last = at(0, end);
  let j = at(0, begin);
  for (; j + 16 <= last; j += 16) {
    const state = buffer ? buffer + j : 0;
    descend(parameter + j, gradient + j, state, nesterov, rate, inertia, decay, scale, 4);
  }
  const rest = (<i32>(last - j)) >> 2;
  if (rest > 0) {
    const state = buffer ? buffer + j : 0;
    descend(parameter + j, gradient + j, state, nesterov, rate, inertia, decay, scale, rest);
  }
}

@inline
function descend(
  parameter: usize,
  gradient: usize,
  buffer: usize,
  nesterov: i32,
  rate: v128,
  inertia: v128,
  decay: v128,
  scale: v128,
  count: i32,
): void {
  const p = loadCount(parameter, count);
  let g = fma(decay, p, f32x4.mul(scale, loadCount(gradient, count)));
  if (buffer) {
    const b = fma(inertia, loadCount(buffer, count), g);
    storeCount(buffer, b, count);
    g = nesterov ? fma(inertia, b, g) : b;
  }
  storeCount(parameter, fnma(rate, g, p), count);
}
