import * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '@tensorflow/tfjs-layers';
import { type LayerCallOptions, parseLayerArgs, shapesOf, tensorsOf } from './baseLayer.ts';
import type { AttentionBlockWeights, FeedForwardBlockWeights } from './blockWeights.ts';
import { attentionBlock, crossAttentionBlock, feedForwardBlock } from './transformerBlocks.ts';
import {
  TransformerLayer,
  type TransformerLayerArgs,
  transformerLayerSchema,
} from './transformerLayer.ts';

export type TransformerDecoderArgs = TransformerLayerArgs;

export interface TransformerDecoderCallOptions extends LayerCallOptions {
  /** (B, S), nonzero = a real token of the encoder's sequence. */
  readonly encoderPaddingMask?: tf.Tensor | undefined;
}

/**
 * One block of a Transformer decoder: causal self-attention, attention to an encoder's output where
 * one is given, and the feed-forward part, each as x = norm(x + part(x)).
 *
 * Takes (B, T, D), or [(B, T, D), (B, S, E)] with the encoder's output second, and gives (B, T, D).
 * Which of the two is settled by the first call. In tfjs-layers models the mask of the encoder's
 * sequence comes along where its last layer is one of this library.
 *
 * @throws AnyformerError `INVALID_ARGUMENT` when `numHeads` does not divide D.
 *
 * @example
 * const decoded = transformerDecoder({ numHeads: 8, intermediateDim: 512 }).apply([target, encoded]);
 *
 * @see Vaswani et al., Attention Is All You Need, section 3; options as KerasHub's layer.
 */
export class TransformerDecoder extends TransformerLayer {
  static readonly className = 'TransformerDecoder';
  #selfAttention!: AttentionBlockWeights;
  #crossAttention: AttentionBlockWeights | undefined;
  #feedForward!: FeedForwardBlockWeights;

  constructor(args: TransformerDecoderArgs) {
    super(parseLayerArgs('transformerDecoder', transformerLayerSchema, args));
  }

  override build(inputShape: Shape | Shape[]): void {
    const [decoder, encoder] = shapesOf(inputShape) as [Shape, Shape | undefined];
    const width = this.widthOf(decoder);
    this.#selfAttention = this.addAttentionBlock('self_attention', width, width);
    if (encoder) {
      const sourceWidth = this.widthOf(encoder);
      this.#crossAttention = this.addAttentionBlock('cross_attention', width, sourceWidth);
    }
    this.#feedForward = this.addFeedForwardBlock(width);
    // tfjs-layers refuses a later call with another number of inputs by these.
    this.inputSpec = shapesOf(inputShape).map(() => ({ ndim: 3 }));
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: TransformerDecoderCallOptions): tf.Tensor {
    return tf.tidy(() => {
      const [decoder, encoder] = tensorsOf(inputs) as [tf.Tensor3D, tf.Tensor3D | undefined];
      const options = { ...this.blockOptions, ...this.forwardContext(kwargs) };
      const mask = this.maskOf(decoder, kwargs);
      let x = decoder; // (B, T, D)
      x = attentionBlock(x, this.#selfAttention, { ...options, mask, causal: true }).output;
      if (encoder && this.#crossAttention) {
        const encoderMask = this.maskOf(encoder, { paddingMask: kwargs.encoderPaddingMask });
        const cross = { ...options, mask: encoderMask };
        x = crossAttentionBlock(x, encoder, this.#crossAttention, cross).output;
      }
      x = feedForwardBlock(x, this.#feedForward, options);
      return x;
    });
  }
}

/** Makes a {@link TransformerDecoder}. */
export function transformerDecoder(args: TransformerDecoderArgs): TransformerDecoder {
  return new TransformerDecoder(args);
}
