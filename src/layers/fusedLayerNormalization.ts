import type * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '@tensorflow/tfjs-layers';
import * as v from 'valibot';
import { positiveNumber } from '../core/options.ts';
import { layerNorm } from '../kernels/layerNorm.ts';
import {
  BaseLayer,
  type BaseLayerArgs,
  layerSchema,
  parseLayerArgs,
  tensorsOf,
} from './baseLayer.ts';
import type { LayerNormWeights } from './blockWeights.ts';

export interface FusedLayerNormalizationArgs extends BaseLayerArgs {
  /** Added to the variance. Default: 1e-3, as Keras. */
  epsilon?: number;
}

const schema = layerSchema({ epsilon: v.optional(positiveNumber, 1e-3) });

/**
 * y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, over the last axis, in one pass.
 *
 * What `tfl.layers.layerNormalization` computes for its default axis, from about ten operations;
 * it stands beside that one under its own name. Takes and gives (..., D).
 *
 * @example
 * fusedLayerNormalization({ epsilon: 1e-5 });
 *
 * @see Ba, Kiros and Hinton, Layer Normalization; Keras's LayerNormalization.
 */
export class FusedLayerNormalization extends BaseLayer {
  static readonly className = 'FusedLayerNormalization';
  readonly #epsilon: number;
  #weights!: LayerNormWeights;

  constructor(args: FusedLayerNormalizationArgs = {}) {
    const options = parseLayerArgs('fusedLayerNormalization', schema, args);
    super(options as BaseLayerArgs);
    this.#epsilon = options.epsilon;
  }

  override build(inputShape: Shape | Shape[]): void {
    const width = this.lastAxisOf(inputShape);
    this.#weights = {
      gamma: this.add<tf.Rank.R1>('gamma', [width], 'ones'),
      beta: this.add<tf.Rank.R1>('beta', [width], 'zeros'),
    };
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const { gamma, beta } = this.#weights;
    return layerNorm(tensorsOf(inputs)[0]!, gamma, beta, this.#epsilon);
  }

  override getConfig() {
    return { ...super.getConfig(), epsilon: this.#epsilon };
  }
}

/** Makes a {@link FusedLayerNormalization}. */
export function fusedLayerNormalization(
  args: FusedLayerNormalizationArgs = {},
): FusedLayerNormalization {
  return new FusedLayerNormalization(args);
}
