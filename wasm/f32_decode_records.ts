// What the decode kernels are told about: a model, its layers, and the tokens of one call. Records of
// 4-byte fields that the host writes, in the order in which they stand here: src/kernels/decode.ts.

import { rowAt } from './lib/address';

/**
 * Weights of one layer. A norm without beta is the RMS norm, one without gamma changes nothing; a bias
 * of 0 is none.
 */
@unmanaged
export class DecodeLayer {
  attentionGamma: usize;
  attentionBeta: usize;
  /** [D, H d], or without a key of its own [D, (H + 2 Hkv) d]: queries, keys, values side by side. */
  query: usize;
  queryBias: usize;
  /** [D, Hkv d], 0 = in query. */
  key: usize;
  keyBias: usize;
  value: usize;
  valueBias: usize;
  /** [H d, D] */
  output: usize;
  outputBias: usize;
  /** The norm before the attention to the source, whose keys and values are in the cache. */
  sourceGamma: usize;
  sourceBeta: usize;
  /** [D, H d], 0 = there is no source. */
  sourceQuery: usize;
  sourceQueryBias: usize;
  /** [H d, D] */
  sourceOutput: usize;
  sourceOutputBias: usize;
  feedForwardGamma: usize;
  feedForwardBeta: usize;
  /** [D, F], 0 = not gated. */
  gate: usize;
  gateBias: usize;
  /** [D, F] */
  up: usize;
  upBias: usize;
  /** [F, D] */
  down: usize;
  downBias: usize;
}

@unmanaged
export class DecodeModel {
  /** Number of layers. */
  layerCount: i32;
  /** Width of the hidden states, D. */
  width: i32;
  /** H */
  heads: i32;
  /** Hkv */
  keyValueHeads: i32;
  /** d */
  headDim: i32;
  /** F */
  intermediate: i32;
  /** V */
  vocabulary: i32;
  /** A code of lib/activation.ts. */
  activation: i32;
  /** Of the norms. */
  epsilon: f32;
  /**
   * Whether a norm's result takes the place of what it was made from, as where norms come after the
   * sums: the norm after one part is then the norm before the next.
   */
  normReplaces: i32;
  /** What the words are multiplied with. */
  wordScale: f32;
  /** [V, D] */
  words: usize;
  /** [positions, D], 0 = none. */
  positions: usize;
  /** [positions, d / 2], 0 = positions are not rotary. */
  cos: usize;
  sin: usize;
  finalGamma: usize;
  finalBeta: usize;
  /** [D, V], 0 = the words, transposed. */
  head: usize;
  /** [V], added to the logits, 0 = none. */
  headBias: usize;
  /** [layerCount] of DecodeLayer. */
  layers: usize;
  /** [slots, layers, 2, Hkv, capacity, d]: keys and values. */
  cache: usize;
  /** Tokens that a slot has room for. */
  capacity: i32;
  /** [sources, layers, 2, H, sourceCapacity, d]: keys and values of what is attended to. */
  sourceCache: usize;
  sourceCapacity: i32;

  @inline
  layer(index: i32): DecodeLayer {
    return changetype<DecodeLayer>(this.layers + <usize>index * offsetof<DecodeLayer>());
  }

  /** Width of queries, keys and values together. */
  @inline
  get fusedWidth(): i32 {
    return (this.heads + 2 * this.keyValueHeads) * this.headDim;
  }

  /** The keys (part 0) or values (part 1) of a head in the cache, [capacity, d]. */
  @inline
  cached(slot: i32, layer: i32, part: i32, head: i32): usize {
    const index = ((slot * this.layerCount + layer) * 2 + part) * this.keyValueHeads + head;
    return rowAt(this.cache, index, this.capacity * this.headDim);
  }

  /** The same of a source, [sourceCapacity, d]. */
  @inline
  cachedSource(source: i32, layer: i32, part: i32, head: i32): usize {
    const index = ((source * this.layerCount + layer) * 2 + part) * this.heads + head;
    return rowAt(this.sourceCache, index, this.sourceCapacity * this.headDim);
  }
}

/** The tokens of one call: `rows` of them, of one sequence or of many. */
@unmanaged
export class DecodeStep {
  rows: i32;
  /** Whether matrices are packed: right for many rows, as of a prompt. */
  isPrompt: i32;
  /** Of how many rows logits are asked for. */
  outputs: i32;
  /** [rows] int32, in [0, V). */
  ids: usize;
  /** [rows] int32: a token sees what its slot holds from 0 up to its own position. */
  places: usize;
  /** [rows] int32: where in the cache its sequence stands. */
  slots: usize;
  /** [rows] int32: which row of the logits is asked for, -1 = none. */
  targets: usize;
  /** [rows] int32: which source its sequence attends to. */
  sources: usize;
  /** [sources] int32: the tokens of each source; one of none adds nothing but a bias. */
  sourceLengths: usize;
  /** [rows, D]: the hidden states. */
  x: usize;
  /** [rows, D]: normalized. */
  normal: usize;
  /** [rows, (H + 2 Hkv) d] */
  fused: usize;
  /** [rows, H d]: the values, mixed. */
  mixed: usize;
  /** [rows, F] */
  inner: usize;
  /** [rows, F]: of a gated part. */
  gated: usize;
  /** [rows, 2]: what the norm kernels leave behind. */
  statistics: usize;
  /** [outputs, V] */
  logits: usize;
}
