import * as tf from '@tensorflow/tfjs-core';
import * as v from 'valibot';
import { nonNegativeInteger, parseOptions, positiveNumber } from '../core/options.ts';
import {
  BaseLayer,
  type BaseLayerArgs,
  layerSchema,
  parseLayerArgs,
  tensorsOf,
} from './baseLayer.ts';

export interface SinePositionEncodingArgs extends BaseLayerArgs {
  /** Wavelength of the slowest wave, divided by 2 pi. Default: 10000. */
  maxWavelength?: number;
}

export interface SinePositionEncodingCallOptions {
  /** Position of the first step, for decoding step by step. Default: 0. */
  readonly startIndex?: number;
}

const schema = layerSchema({ maxWavelength: v.optional(positiveNumber, 10_000) });
const startIndexSchema = v.strictObject({ startIndex: v.optional(nonNegativeInteger, 0) });

/**
 * Fixed encodings of positions: PE(t, 2i) = sin(t / w^(2i/D)), PE(t, 2i+1) = cos(t / w^(2i/D)).
 *
 * Takes (B, T, D) and gives the encodings alone, of the same shape: add them to the embeddings.
 * Call option: `startIndex`.
 *
 * @example
 * const embedded = tfl.layers.embedding({ inputDim: 20000, outputDim: 256 }).apply(ids);
 * const positions = sinePositionEncoding().apply(embedded);
 * const x = tfl.layers.add().apply([embedded, positions]);
 *
 * @see Vaswani et al., Attention Is All You Need, section 3.5; options as KerasHub's layer.
 */
export class SinePositionEncoding extends BaseLayer {
  static readonly className = 'SinePositionEncoding';
  readonly #maxWavelength: number;

  constructor(args: SinePositionEncodingArgs = {}) {
    const options = parseLayerArgs('sinePositionEncoding', schema, args);
    super(options as BaseLayerArgs);
    this.#maxWavelength = options.maxWavelength;
  }

  override call(
    inputs: tf.Tensor | tf.Tensor[],
    kwargs: SinePositionEncodingCallOptions,
  ): tf.Tensor {
    const [x] = tensorsOf(inputs);
    this.widthOf(x!.shape);
    const { startIndex } = parseOptions(`${this.name}.apply`, startIndexSchema, {
      startIndex: kwargs.startIndex,
    });
    const [batch, steps, width] = x!.shape as [number, number, number];
    return tf.tidy(() => {
      const encoding = sineTable(startIndex, steps, width, this.#maxWavelength);
      return tf.tile(tf.tensor3d(encoding, [1, steps, width]), [batch, 1, 1]); // (B, T, D)
    });
  }

  override getConfig() {
    return { ...super.getConfig(), maxWavelength: this.#maxWavelength };
  }
}

/** (steps, width), row-major. */
function sineTable(start: number, steps: number, width: number, maxWavelength: number) {
  const table = new Float32Array(steps * width);
  for (let i = 0; i < width; i++) {
    const frequency = maxWavelength ** (-(i - (i % 2)) / width);
    const wave = i % 2 === 0 ? Math.sin : Math.cos;
    for (let t = 0; t < steps; t++) table[t * width + i] = wave((start + t) * frequency);
  }
  return table;
}

/** Makes a {@link SinePositionEncoding}. */
export function sinePositionEncoding(args: SinePositionEncodingArgs = {}): SinePositionEncoding {
  return new SinePositionEncoding(args);
}
