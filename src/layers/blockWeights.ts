import type * as tf from '@tensorflow/tfjs-core';

/** y = x kernel + bias. */
export interface LinearWeights {
  /** (in, out) */
  readonly kernel: tf.Tensor2D;
  /** (out) */
  readonly bias?: tf.Tensor1D;
}

/** y = gamma (x - mean) / sqrt(variance + epsilon) + beta. */
export interface NormWeights {
  readonly gamma: tf.Tensor1D;
  readonly beta: tf.Tensor1D;
}

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

/** An attention and the layer norm that stands with it. */
export interface AttentionBlockWeights {
  readonly attention: AttentionWeights;
  readonly norm: NormWeights;
}

/** The two linear maps of the feed-forward part and the layer norm that stands with them. */
export interface FeedForwardBlockWeights {
  /** (D, F) */
  readonly intermediate: LinearWeights;
  /** (F, D) */
  readonly output: LinearWeights;
  readonly norm: NormWeights;
}
