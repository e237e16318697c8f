import type * as tf from '@tensorflow/tfjs-core';
import type { SafeTensor } from '../../formats/safetensors.ts';

/** What changes from step to step. */
export interface OptimizerStep {
  readonly learningRate: number;
  /** A factor on every gradient: that of clipping, and of the mean over accumulated batches. */
  readonly gradientScale: number;
}

/** Updates variables from their gradients, in place. */
export interface Optimizer {
  /** One update of each variable that has a gradient. Nothing here is on the tape. */
  step(
    variables: ReadonlyMap<string, tf.Variable>,
    gradients: ReadonlyMap<string, tf.Tensor>,
    step: OptimizerStep,
  ): void;
  /** Copies of the moments and step counts, for a checkpoint. */
  state(): Map<string, SafeTensor>;
  /**
   * Goes on from the copies of another optimizer of the same kind over the same variables.
   * @throws AnyformerError `INVALID_FILE` naming what does not fit.
   */
  restore(
    variables: ReadonlyMap<string, tf.Variable>,
    state: ReadonlyMap<string, SafeTensor>,
  ): void;
  dispose(): void;
}
