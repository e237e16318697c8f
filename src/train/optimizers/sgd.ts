import type * as tf from '@tensorflow/tfjs-core';
import { sgdUpdate } from '../../kernels/sgdUpdate.ts';
import type { OptimizerStep } from './optimizer.ts';
import { type Slot, SlotOptimizer } from './slots.ts';

export interface SgdOptions {
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  /** Which variables decay, by name. */
  readonly decays: (name: string) => boolean;
}

/**
 * Stochastic gradient descent as PyTorch has it:
 *
 *     g += decay * w
 *     b = momentum b + g
 *     w -= lr * b                     (nesterov: lr * (g + momentum b); no momentum: lr * g)
 *
 * @see https://pytorch.org/docs/stable/generated/torch.optim.SGD.html
 */
export class Sgd extends SlotOptimizer {
  constructor(private readonly options: SgdOptions) {
    super(options.momentum > 0 ? ['momentum_buffer'] : []);
  }

  protected update(
    variable: tf.Variable,
    gradient: tf.Tensor,
    { moments }: Slot,
    { name, learningRate, gradientScale }: OptimizerStep & { readonly name: string },
  ): void {
    const { momentum, nesterov, weightDecay, decays } = this.options;
    sgdUpdate(variable, gradient, moments[0], {
      learningRate,
      momentum,
      nesterov,
      weightDecay: decays(name) ? weightDecay : 0,
      gradientScale,
    });
  }
}
