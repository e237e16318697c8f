// AdamW (Loshchilov and Hutter 2019) and Adam (Kingma and Ba 2015) with L2 in the gradient, in place,
// step for step as PyTorch computes them. Hyperparameters are float64: 1 - 0.999 taken in float32
// would be wrong in the fifth digit.

import { at } from './lib/address';
import { ABSOLUTE_MASK, SMALLEST_NORMAL, constantTable } from './lib/constants';
import { loadCount, storeCount } from './lib/lanes';
import { fma, fnma } from './lib/math';

/**
 * Elements [begin, end) of one AdamW step:
 *
 *   g = gradScale gradient
 *   p = p (1 - learningRate weightDecay)
 *   m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2
 *   p = p - learningRate / correction1 * m / (sqrt(v / correction2) + epsilon)
 *
 * @param parameter (n), updated
 * @param gradient (n), only read
 * @param m (n), the first moment, zero before the first step, updated
 * @param v (n), the second moment, likewise
 * @param correction1 1 - beta1^step, the step counted from 1
 * @param correction2 1 - beta2^step
 * @param gradScale a factor for the gradient: what clipping by the global norm asks for, or 1
 */
export function f32_adamW(
  parameter: usize,
  gradient: usize,
  m: usize,
  v: usize,
  learningRate: f64,
  beta1: f64,
  beta2: f64,
  epsilon: f64,
  weightDecay: f64,
  correction1: f64,
  correction2: f64,
  gradScale: f64,
  begin: i32,
  end: i32,
): void {
  const keep = f32x4.splat(<f32>(1 - learningRate * weightDecay));
  const scale = f32x4.splat(<f32>gradScale);
  const rate = f32x4.splat(<f32>(learningRate / correction1));
  const root = f32x4.splat(<f32>(1 / sqrt<f64>(correction2)));
  const small = f32x4.splat(<f32>epsilon);
  const old1 = f32x4.splat(<f32>beta1);
  const new1 = f32x4.splat(<f32>(1 - beta1));
  const old2 = f32x4.splat(<f32>beta2);
  const new2 = f32x4.splat(<f32>(1 - beta2));
  const last = at(0, end);
  let j = at(0, begin);
  for (; j + 16 <= last; j += 16) {
    const p = f32x4.mul(v128.load(parameter + j), keep);
    const g = f32x4.mul(v128.load(gradient + j), scale);
    const change = adamChange(g, m + j, v + j, old1, new1, old2, new2, root, small, 4);
    v128.store(parameter + j, fnma(rate, change, p));
  }
  const rest = (<i32>(last - j)) >> 2;
  if (rest > 0) {
    const p = f32x4.mul(loadCount(parameter + j, rest), keep);
    const g = f32x4.mul(loadCount(gradient + j, rest), scale);
    const change = adamChange(g, m + j, v + j, old1, new1, old2, new2, root, small, rest);
    storeCount(parameter + j, fnma(rate, change, p), rest);
  }
}

/**
 * Elements [begin, end) of one Adam step: as {@link f32_adamW}, but the decay is part of the
 * gradient, g = gradScale gradient + weightDecay p, and p is not shrunk.
 */
export function f32_adam(
  parameter: usize,
  gradient: usize,
  m: usize,
  v: usize,
  learningRate: f64,
  beta1: f64,
  beta2: f64,
  epsilon: f64,
  weightDecay: f64,
  correction1: f64,
  correction2: f64,
  gradScale: f64,
  begin: i32,
  end: i32,
): void {
  const decay = f32x4.splat(<f32>weightDecay);
  const scale = f32x4.splat(<f32>gradScale);
  const rate = f32x4.splat(<f32>(learningRate / correction1));
  const root = f32x4.splat(<f32>(1 / sqrt<f64>(correction2)));
  const small = f32x4.splat(<f32>epsilon);
  const old1 = f32x4.splat(<f32>beta1);
  const new1 = f32x4.splat(<f32>(1 - beta1));
  const old2 = f32x4.splat(<f32>beta2);
  const new2 = f32x4.splat(<f32>(1 - beta2));
  const last = at(0, end);
  let j = at(0, begin);
  for (; j + 16 <= last; j += 16) {
    const p = v128.load(parameter + j);
    const g = fma(decay, p, f32x4.mul(v128.load(gradient + j), scale));
    const change = adamChange(g, m + j, v + j, old1, new1, old2, new2, root, small, 4);
    v128.store(parameter + j, fnma(rate, change, p));
  }
  const rest = (<i32>(last - j)) >> 2;
  if (rest > 0) {
    const p = loadCount(parameter + j, rest);
    const g = fma(decay, p, f32x4.mul(loadCount(gradient + j, rest), scale));
    const change = adamChange(g, m + j, v + j, old1, new1, old2, new2, root, small, rest);
    storeCount(parameter + j, fnma(rate, change, p), rest);
  }
}

/** Updates the moments of `count` lanes and returns m / (sqrt(v) root + epsilon). */
@inline
function adamChange(
  g: v128,
  m: usize,
  v: usize,
  old1: v128,
  new1: v128,
  old2: v128,
  new2: v128,
  root: v128,
  epsilon: v128,
  count: i32,
): v128 {
  const first = flush(fma(new1, g, f32x4.mul(old1, loadCount(m, count))));
  const second = flush(fma(new2, f32x4.mul(g, g), f32x4.mul(old2, loadCount(v, count))));
  storeCount(m, first, count);
  storeCount(v, second, count);
  return f32x4.div(first, fma(f32x4.sqrt(second), root, epsilon));
}

/**
 * Denormals become zero. The moments of a row that gets no more gradient (a rare word) decay into
 * denormals, stay there for ever and make every further step many times slower.
 */
@inline
function flush(x: v128): v128 {
  const table = constantTable();
  const absolute = v128.and(x, v128.load(table, ABSOLUTE_MASK));
  return v128.andnot(x, f32x4.lt(absolute, v128.load(table, SMALLEST_NORMAL)));
}
