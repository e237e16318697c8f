import type * as tf from '@tensorflow/tfjs-core';

/** y = x kernel + bias. */
export interface LinearWeights {
  /** (in, out) */
  readonly kernel: tf.Tensor2D;
  /** (out) */
  readonly bias?: tf.Tensor1D;
}

/** y = gamma (x - mean) / sqrt(variance + epsilon) + beta. */
export interface LayerNormWeights {
  readonly gamma: tf.Tensor1D;
  readonly beta: tf.Tensor1D;
}

/** y = gamma x / sqrt(mean(x^2) + epsilon). */
export interface RmsNormWeights {
  readonly gamma: tf.Tensor1D;
}

/** A norm is what it has the weights of: without beta it is the RMS norm. */
export type NormWeights = LayerNormWeights | RmsNormWeights;

/** The four projections of an attention; the heads lie side by side in the columns. */
export interface AttentionWeights {
  /** (D, H*d) */
  readonly query: LinearWeights;
  /** (D, Hkv*d) */
  readonly key: LinearWeights;
  /** (D, Hkv*dv) */
  readonly value: LinearWeights;
  /** (H*dv, D) */
  readonly output: LinearWeights;
}

/** Those of an attention of a sequence to itself, with one projection for all three. */
export interface FusedAttentionWeights {
  /** (D, (H + 2 Hkv) d): queries, keys, values, side by side. */
  readonly queryKeyValue: LinearWeights;
  /** (H*d, D) */
  readonly output: LinearWeights;
}

export type SelfAttentionWeights = AttentionWeights | FusedAttentionWeights;

/** An attention and the norm that stands with it. */
export interface AttentionBlockWeights<Attention = AttentionWeights> {
  readonly attention: Attention;
  readonly norm: NormWeights;
}

/** The linear maps of the feed-forward part and the norm that stands with them. */
export interface FeedForwardBlockWeights {
  /** (D, F), of a gated part (SwiGLU): what the activation is applied to, then a factor. */
  readonly gate?: LinearWeights;
  /** (D, F) */
  readonly intermediate: LinearWeights;
  /** (F, D) */
  readonly output: LinearWeights;
  readonly norm: NormWeights;
}
