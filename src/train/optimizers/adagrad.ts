import * as tf from '@tensorflow/tfjs-core';
import type { OptimizerStep } from './optimizer.ts';
import { type Slot, SlotOptimizer } from './slots.ts';

export interface AdagradOptions {
  readonly weightDecay: number;
  /** Which variables decay, by name. */
  readonly decays: (name: string) => boolean;
}

// PyTorch's default, which HF's Trainer leaves as it is.
const EPSILON = 1e-10;

/**
 * Adagrad as PyTorch has it, epsilon 1e-10:
 *
 *     g += decay * w
 *     s = s + g^2
 *     w -= lr * g / (sqrt(s) + epsilon)
 *
 * @see Duchi, Hazan and Singer 2011, https://jmlr.org/papers/v12/duchi11a.html
 */
export class Adagrad extends SlotOptimizer {
  constructor(private readonly options: AdagradOptions) {
    super(['sum']);
  }

  protected update(
    variable: tf.Variable,
    gradient: tf.Tensor,
    { moments }: Slot,
    { name, learningRate, gradientScale }: OptimizerStep & { readonly name: string },
  ): void {
    const decay = this.options.decays(name) ? this.options.weightDecay : 0;
    const sum = moments[0]!;
    tf.tidy(() => {
      const g = tf.add(tf.mul(gradient, gradientScale), tf.mul(variable, decay));
      sum.assign(tf.add(sum, tf.square(g)));
      const direction = tf.div(g, tf.add(tf.sqrt(sum), EPSILON));
      variable.assign(tf.sub(variable, tf.mul(direction, learningRate)));
    });
  }
}
