import type * as tf from '@tensorflow/tfjs-core';
import { adamWUpdate } from '../../kernels/adamUpdate.ts';
import type { OptimizerStep } from './optimizer.ts';
import { type Slot, SlotOptimizer } from './slots.ts';

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Which variables decay, by name. */
  readonly decays: (name: string) => boolean;
}

/**
 * AdamW, Adam with decoupled weight decay:
 *
 *     w -= lr * decay * w
 *     m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2
 *     w -= lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
 *
 * @see Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101
 */
export class AdamW extends SlotOptimizer {
  constructor(private readonly options: AdamWOptions) {
    super(['exp_avg', 'exp_avg_sq']);
  }

  protected update(
    variable: tf.Variable,
    gradient: tf.Tensor,
    { step, moments }: Slot,
    { name, learningRate, gradientScale }: OptimizerStep & { readonly name: string },
  ): void {
    const { beta1, beta2, epsilon, weightDecay, decays } = this.options;
    adamWUpdate(variable, gradient, moments[0]!, moments[1]!, {
      learningRate,
      beta1,
      beta2,
      epsilon,
      weightDecay: decays(name) ? weightDecay : 0,
      step,
      gradientScale,
    });
  }
}
