import type * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '@tensorflow/tfjs-layers';
import * as v from 'valibot';
import { positiveNumber } from '../core/options.ts';
import { rmsNorm } from '../kernels/rmsNorm.ts';
import {
  BaseLayer,
  type BaseLayerArgs,
  layerSchema,
  parseLayerArgs,
  tensorsOf,
} from './baseLayer.ts';

export interface RMSNormalizationArgs extends BaseLayerArgs {
  /** Added to the mean square. Default: 1e-6. */
  epsilon?: number;
}

const schema = layerSchema({ epsilon: v.optional(positiveNumber, 1e-6) });

/**
 * y = x / sqrt(mean(x²) + epsilon) * scale, over the last axis. Takes and gives (..., D).
 *
 * @example
 * rmsNormalization({ epsilon: 1e-5 });
 *
 * @see Zhang and Sennrich, Root Mean Square Layer Normalization; Keras's layer.
 */
export class RMSNormalization extends BaseLayer {
  static readonly className = 'RMSNormalization';
  readonly #epsilon: number;
  #scale!: tf.Tensor1D;

  constructor(args: RMSNormalizationArgs = {}) {
    const options = parseLayerArgs('rmsNormalization', schema, args);
    super(options as BaseLayerArgs);
    this.#epsilon = options.epsilon;
  }

  override build(inputShape: Shape | Shape[]): void {
    this.#scale = this.add<tf.Rank.R1>('scale', [this.lastAxisOf(inputShape)], 'ones');
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return rmsNorm(tensorsOf(inputs)[0]!, this.#scale, this.#epsilon);
  }

  override getConfig() {
    return { ...super.getConfig(), epsilon: this.#epsilon };
  }
}

/** Makes an {@link RMSNormalization}. */
export function rmsNormalization(args: RMSNormalizationArgs = {}): RMSNormalization {
  return new RMSNormalization(args);
}
