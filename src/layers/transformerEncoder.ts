import * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '@tensorflow/tfjs-layers';
import { type LayerCallOptions, parseLayerArgs, shapesOf, tensorsOf } from './baseLayer.ts';
import type { AttentionBlockWeights, FeedForwardBlockWeights } from './blockWeights.ts';
import { attentionBlock, feedForwardBlock } from './transformerBlocks.ts';
import {
  TransformerLayer,
  type TransformerLayerArgs,
  transformerLayerSchema,
} from './transformerLayer.ts';

export type TransformerEncoderArgs = TransformerLayerArgs;

/**
 * One block of a Transformer encoder: x = norm(x + attention(x)); x = norm(x + mlp(x)).
 *
 * Takes and gives (B, T, D). Padding is kept out of the attention by the mask of an
 * `embedding({ maskZero: true })` before it, or by the call option `paddingMask` (B, T).
 *
 * @throws AnyformerError `INVALID_ARGUMENT` when `numHeads` does not divide D.
 *
 * @example
 * const model = tfl.sequential({
 *   layers: [
 *     tfl.layers.embedding({ inputDim: 20000, outputDim: 256, maskZero: true }),
 *     transformerEncoder({ numHeads: 8, intermediateDim: 512, dropout: 0.1 }),
 *     maskedGlobalAveragePooling1D(),
 *     tfl.layers.dense({ units: 1, activation: 'sigmoid' }),
 *   ],
 * });
 *
 * @see Vaswani et al., Attention Is All You Need, section 3; options as KerasHub's layer.
 */
export class TransformerEncoder extends TransformerLayer {
  static readonly className = 'TransformerEncoder';
  #attention!: AttentionBlockWeights;
  #feedForward!: FeedForwardBlockWeights;

  constructor(args: TransformerEncoderArgs) {
    super(parseLayerArgs('transformerEncoder', transformerLayerSchema, args));
  }

  override build(inputShape: Shape | Shape[]): void {
    const width = this.widthOf(shapesOf(inputShape)[0]!);
    this.#attention = this.addAttentionBlock('self_attention', width, width);
    this.#feedForward = this.addFeedForwardBlock(width);
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: LayerCallOptions): tf.Tensor {
    return tf.tidy(() => {
      let x = tensorsOf(inputs)[0] as tf.Tensor3D; // (B, T, D)
      const options = { ...this.blockOptions, ...this.forwardContext(kwargs) };
      const mask = this.maskOf(x, kwargs);
      x = attentionBlock(x, this.#attention, { ...options, mask }).output;
      x = feedForwardBlock(x, this.#feedForward, options);
      return x;
    });
  }
}

/** Makes a {@link TransformerEncoder}. */
export function transformerEncoder(args: TransformerEncoderArgs): TransformerEncoder {
  return new TransformerEncoder(args);
}
