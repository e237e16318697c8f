import type * as tf from '@tensorflow/tfjs-core';

export interface AttentionOptions {
  readonly numHeads: number;
  /** Heads of key and value, shared by `numHeads / numKeyValueHeads` queries each. Default: `numHeads`. */
  readonly numKeyValueHeads?: number;
  /** (B, Tk): 0 where a key may not be attended to. A query without any key gives zeros. */
  readonly mask?: tf.Tensor2D | undefined;
  /** (B or 1, H or 1, Tq, Tk), added to the scaled scores: relative positions. */
  readonly bias?: tf.Tensor4D | undefined;
  /** Hides the keys behind a query's place; the last query is at the place of the last key. Default: `false`. */
  readonly causal?: boolean;
  /** The share of attention weights that are dropped. Default: 0. */
  readonly dropout?: number;
  /** Chooses what is dropped. Default: 0. */
  readonly seed?: number;
  /** What scores are multiplied with. Default: 1 / sqrt(d). */
  readonly scale?: number;
}
