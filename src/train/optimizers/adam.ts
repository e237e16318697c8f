import type * as tf from '@tensorflow/tfjs-core';
import { adamUpdate } from '../../kernels/adamUpdate.ts';
import type { AdamWOptions } from './adamW.ts';
import type { OptimizerStep } from './optimizer.ts';
import { type Slot, SlotOptimizer } from './slots.ts';

/**
 * Adam as first published, with weight decay as an L2 term of the gradient:
 *
 *     g += decay * w
 *     m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2
 *     w -= lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
 *
 * @see Kingma and Ba 2015, https://arxiv.org/abs/1412.6980
 */
export class Adam extends SlotOptimizer {
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
    adamUpdate(variable, gradient, moments[0]!, moments[1]!, {
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
