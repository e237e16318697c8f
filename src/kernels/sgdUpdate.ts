import * as tf from '@tensorflow/tfjs-core';
import { detach, engineBackend } from './engineBackend.ts';
import { runRange } from './run.ts';
import { requireShape } from './shapes.ts';

export interface SgdSettings {
  readonly learningRate: number;
  /** Needs a buffer. Default: 0. */
  readonly momentum?: number;
  /** Default: `false`. */
  readonly nesterov?: boolean;
  /** Added to the gradient as wd p. Default: 0. */
  readonly weightDecay?: number;
  /** A factor for the gradient: what clipping by the global norm asks for. Default: 1. */
  readonly gradientScale?: number;
}

/**
 * One step of stochastic gradient descent of one variable, in place and off the tape:
 * g = g + wd p, b = momentum b + g, p = p - lr b (with `nesterov`: p - lr (g + momentum b)).
 *
 * @param variable the parameter, changed
 * @param gradient the shape of the variable, only read
 * @param buffer the momentum, zero before the first step, changed; undefined without momentum
 *
 * @example
 * sgdUpdate(weights, gradient, undefined, { learningRate: 0.1 });
 *
 * Source: `torch.optim.SGD` with dampening 0.
 */
export function sgdUpdate(
  variable: tf.Variable,
  gradient: tf.Tensor,
  buffer: tf.Variable | undefined,
  settings: SgdSettings,
): void {
  requireShape('sgdUpdate', 'gradient', gradient, variable.shape);
  if (buffer) requireShape('sgdUpdate', 'buffer', buffer, variable.shape);
  const defaults = { momentum: 0, nesterov: false, weightDecay: 0, gradientScale: 1 };
  const full: Required<SgdSettings> = { ...defaults, ...settings };
  const backend = engineBackend();
  const tensors = buffer ? [variable, gradient, buffer] : [variable, gradient];
  if (backend === undefined || tensors.some((tensor) => tensor.dtype !== 'float32')) {
    updateComposed(variable, gradient, buffer, full);
    return;
  }
  detach(backend, variable);
  if (buffer) detach(backend, buffer);
  const pointers = [variable, gradient].map((tensor) => backend.pointer(tensor));
  const { learningRate, momentum, nesterov, weightDecay, gradientScale } = full;
  const rates = [learningRate, momentum, Number(nesterov), weightDecay, gradientScale];
  const moving = buffer ? backend.pointer(buffer) : 0;
  runRange(backend, 'f32_sgd', [...pointers, moving, ...rates], variable.size);
  backend.changedInPlace(variable);
}

/** The same from operations of tfjs, for backends without our kernels. */
function updateComposed(
  variable: tf.Variable,
  gradient: tf.Tensor,
  buffer: tf.Variable | undefined,
  { learningRate, momentum, nesterov, weightDecay, gradientScale }: Required<SgdSettings>,
): void {
  tf.tidy(() => {
    const g = tf.add(tf.mul(gradient, gradientScale), tf.mul(variable, weightDecay));
    let change = g;
    if (buffer) {
      buffer.assign(tf.add(tf.mul(buffer, momentum), g));
      change = nesterov ? tf.add(g, tf.mul(buffer, momentum)) : buffer;
    }
    variable.assign(tf.sub(variable, tf.mul(change, learningRate)));
  });
}
