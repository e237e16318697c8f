import * as tf from '@tensorflow/tfjs-core';
import type { OptimizerStep } from './optimizer.ts';
import { type Slot, SlotOptimizer } from './slots.ts';

export interface RmsPropOptions {
  readonly weightDecay: number;
  /** Which variables decay, by name. */
  readonly decays: (name: string) => boolean;
}

// PyTorch's defaults, which HF's Trainer leaves as they are.
const SMOOTHING = 0.99;
const EPSILON = 1e-8;

/**
 * RMSprop as PyTorch has it, alpha 0.99, epsilon 1e-8:
 *
 *     g += decay * w
 *     v = alpha v + (1 - alpha) g^2
 *     w -= lr * g / (sqrt(v) + epsilon)
 *
 * @see https://pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
 */
export class RmsProp extends SlotOptimizer {
  constructor(private readonly options: RmsPropOptions) {
    super(['square_avg']);
  }

  protected update(
    variable: tf.Variable,
    gradient: tf.Tensor,
    { moments }: Slot,
    { name, learningRate, gradientScale }: OptimizerStep & { readonly name: string },
  ): void {
    const decay = this.options.decays(name) ? this.options.weightDecay : 0;
    const average = moments[0]!;
    tf.tidy(() => {
      const g = tf.add(tf.mul(gradient, gradientScale), tf.mul(variable, decay));
      average.assign(tf.add(tf.mul(average, SMOOTHING), tf.mul(tf.square(g), 1 - SMOOTHING)));
      const direction = tf.div(g, tf.add(tf.sqrt(average), EPSILON));
      variable.assign(tf.sub(variable, tf.mul(direction, learningRate)));
    });
  }
}
