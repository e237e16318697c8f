import * as tf from '@tensorflow/tfjs-core';
import { detach, engineBackend } from './engineBackend.ts';
import { runRange } from './run.ts';
import { requireShape } from './shapes.ts';

export interface AdamSettings {
  readonly learningRate: number;
  /** Default: 0.9. */
  readonly beta1?: number;
  /** Default: 0.999. */
  readonly beta2?: number;
  /** Default: 1e-8. */
  readonly epsilon?: number;
  /** Default: 0. */
  readonly weightDecay?: number;
  /** The number of this step, counted from 1. */
  readonly step: number;
  /** A factor for the gradient: what clipping by the global norm asks for. Default: 1. */
  readonly gradientScale?: number;
}

/**
 * One AdamW step of one variable, in place and off the tape:
 * p = p (1 - lr wd) - lr / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + epsilon).
 *
 * @param variable the parameter, changed
 * @param gradient the shape of the variable, only read
 * @param m,v the moments, the shape of the variable, zero before the first step, changed
 *
 * @example
 * adamWUpdate(weights, gradient, m, v, { learningRate: 1e-3, weightDecay: 0.01, step: 1 });
 *
 * Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019); `torch.optim.AdamW`.
 */
export function adamWUpdate(
  variable: tf.Variable,
  gradient: tf.Tensor,
  m: tf.Variable,
  v: tf.Variable,
  settings: AdamSettings,
): void {
  update('adamWUpdate', 'f32_adamW', variable, gradient, m, v, settings);
}

/**
 * One Adam step of one variable, in place and off the tape: as {@link adamWUpdate}, but the weight
 * decay is added to the gradient, g + wd p.
 *
 * @example
 * adamUpdate(weights, gradient, m, v, { learningRate: 1e-3, step: 1 });
 *
 * Source: Kingma and Ba, "Adam" (2015); `torch.optim.Adam`.
 */
export function adamUpdate(
  variable: tf.Variable,
  gradient: tf.Tensor,
  m: tf.Variable,
  v: tf.Variable,
  settings: AdamSettings,
): void {
  update('adamUpdate', 'f32_adam', variable, gradient, m, v, settings);
}

function update(
  operation: string,
  kernel: 'f32_adam' | 'f32_adamW',
  variable: tf.Variable,
  gradient: tf.Tensor,
  m: tf.Variable,
  v: tf.Variable,
  settings: AdamSettings,
): void {
  for (const [name, tensor] of Object.entries({ gradient, m, v })) {
    requireShape(operation, name, tensor, variable.shape);
  }
  const defaults = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, gradientScale: 1 };
  const full: Required<AdamSettings> = { ...defaults, ...settings };
  const backend = engineBackend();
  const isFloat = [variable, gradient, m, v].every((tensor) => tensor.dtype === 'float32');
  if (backend === undefined || !isFloat) {
    updateComposed(kernel === 'f32_adamW', variable, gradient, m, v, full);
    return;
  }
  for (const changed of [variable, m, v]) detach(backend, changed);
  const pointers = [variable, gradient, m, v].map((tensor) => backend.pointer(tensor));
  const { learningRate, beta1, beta2, epsilon, weightDecay, step, gradientScale } = full;
  const rates = [learningRate, beta1, beta2, epsilon, weightDecay];
  const corrections = [1 - beta1 ** step, 1 - beta2 ** step];
  const parameters = [...pointers, ...rates, ...corrections, gradientScale];
  runRange(backend, kernel, parameters, variable.size);
  backend.changedInPlace(variable);
}

/** The same from operations of tfjs, for backends without our kernels. */
function updateComposed(
  isDecoupled: boolean,
  variable: tf.Variable,
  gradient: tf.Tensor,
  m: tf.Variable,
  v: tf.Variable,
  full: Required<AdamSettings>,
): void {
  const { learningRate, beta1, beta2, epsilon, weightDecay, step, gradientScale } = full;
  tf.tidy(() => {
    const scaled = tf.mul(gradient, gradientScale);
    const g = isDecoupled ? scaled : tf.add(scaled, tf.mul(variable, weightDecay));
    const shrink = isDecoupled ? 1 - learningRate * weightDecay : 1;
    m.assign(tf.add(tf.mul(m, beta1), tf.mul(g, 1 - beta1)));
    v.assign(tf.add(tf.mul(v, beta2), tf.mul(tf.square(g), 1 - beta2)));
    const root = tf.sqrt(tf.div(v, 1 - beta2 ** step));
    const change = tf.div(tf.mul(m, learningRate / (1 - beta1 ** step)), tf.add(root, epsilon));
    variable.assign(tf.sub(tf.mul(variable, shrink), change));
  });
}
