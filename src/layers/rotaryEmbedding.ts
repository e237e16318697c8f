import * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '@tensorflow/tfjs-layers';
import * as v from 'valibot';
import { AnyformerError } from '../core/errors.ts';
import { nonNegativeInteger, parseOptions, positiveNumber } from '../core/options.ts';
import { rotaryEmbedding as rotate } from '../kernels/rotaryEmbedding.ts';
import {
  BaseLayer,
  type BaseLayerArgs,
  layerSchema,
  parseLayerArgs,
  shapesOf,
  tensorsOf,
} from './baseLayer.ts';
import { rotaryAngles } from './rotaryAngles.ts';

export interface RotaryEmbeddingArgs extends BaseLayerArgs {
  /** Wavelength of the slowest rotation, divided by 2 pi ("rope theta"). Default: 10000. */
  maxWavelength?: number;
  /** Positions are divided by it, to reach past the length trained for. Default: 1. */
  scalingFactor?: number;
  /** Whether neighbours are rotated (GPT-J) rather than the halves of a head (Llama). Default: false. */
  interleaved?: boolean;
}

export interface RotaryEmbeddingCallOptions {
  /** Position of the first step, for decoding step by step. Default: 0. */
  readonly startIndex?: number;
}

const schema = layerSchema({
  maxWavelength: v.optional(positiveNumber, 10_000),
  scalingFactor: v.optional(positiveNumber, 1),
  interleaved: v.optional(v.boolean('true or false'), false),
});
const startIndexSchema = v.strictObject({ startIndex: v.optional(nonNegativeInteger, 0) });

/**
 * Rotates pair i of a vector at step t by t / w^(2i/d), so that scores see relative positions.
 *
 * Takes queries or keys, (B, T, d) or (B, T, H, d) with d even, and gives the same shape.
 * Call option: `startIndex`.
 *
 * @throws AnyformerError `INVALID_ARGUMENT` for an odd width.
 *
 * @example
 * const rotated = rotaryEmbedding().apply(queries); // (B, T, H, d)
 *
 * @see Su et al., RoFormer; options as KerasHub's layer.
 */
export class RotaryEmbedding extends BaseLayer {
  static readonly className = 'RotaryEmbedding';
  readonly #options: v.InferOutput<typeof schema>;

  constructor(args: RotaryEmbeddingArgs = {}) {
    const options = parseLayerArgs('rotaryEmbedding', schema, args);
    super(options as BaseLayerArgs);
    this.#options = options;
  }

  override build(inputShape: Shape | Shape[]): void {
    const shape = shapesOf(inputShape)[0]!;
    const width = this.lastAxisOf(shape);
    if ((shape.length === 3 || shape.length === 4) && width % 2 === 0) {
      this.built = true;
      return;
    }
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `${this.name} takes (batch, steps, width) or (batch, steps, heads, width) of even width, ` +
        `received the shape (${shape.join(', ')}).`,
    );
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: RotaryEmbeddingCallOptions): tf.Tensor {
    const x = tensorsOf(inputs)[0]!;
    const { startIndex } = parseOptions(`${this.name}.apply`, startIndexSchema, {
      startIndex: kwargs.startIndex,
    });
    return tf.tidy(() => {
      const [batch, steps] = x.shape as [number, number];
      const width = x.shape.at(-1)!;
      const numHeads = x.rank === 4 ? x.shape[2]! : 1;
      const flat = tf.reshape(x, [batch, steps, numHeads * width]) as tf.Tensor3D; // (B, T, H*d)
      const { cos, sin } = this.#angles(startIndex, steps, width / 2);
      const { interleaved } = this.#options;
      return tf.reshape(rotate(flat, cos, sin, { numHeads, interleaved }), x.shape);
    });
  }

  override getConfig() {
    const { maxWavelength, scalingFactor, interleaved } = this.#options;
    return { ...super.getConfig(), maxWavelength, scalingFactor, interleaved };
  }

  /** (T, d/2) each. */
  #angles(start: number, steps: number, pairs: number): { cos: tf.Tensor2D; sin: tf.Tensor2D } {
    const { maxWavelength, scalingFactor } = this.#options;
    const { cos, sin } = rotaryAngles(start, steps, pairs, maxWavelength, scalingFactor);
    return { cos: tf.tensor2d(cos, [steps, pairs]), sin: tf.tensor2d(sin, [steps, pairs]) };
  }
}

/** Makes a {@link RotaryEmbedding}. */
export function rotaryEmbedding(args: RotaryEmbeddingArgs = {}): RotaryEmbedding {
  return new RotaryEmbedding(args);
}
