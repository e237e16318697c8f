import type * as tf from '@tensorflow/tfjs-core';
import type { Heap } from '../engine/heap.ts';

// What the decode kernels are told about, field by field of 4 bytes, in the order of
// wasm/f32_decode_records.ts, which also says what each is.

export const MODEL_FIELDS = [
  ...(['layerCount', 'width', 'heads', 'keyValueHeads', 'headDim', 'intermediate'] as const),
  ...(['vocabulary', 'activation', 'epsilon', 'normReplaces', 'wordScale', 'words'] as const),
  ...(['positions', 'cos', 'sin', 'finalGamma', 'finalBeta', 'head', 'headBias'] as const),
  ...(['layers', 'cache', 'capacity', 'sourceCache', 'sourceCapacity'] as const),
] as const;

export const LAYER_FIELDS = [
  ...(['attentionGamma', 'attentionBeta', 'query', 'queryBias', 'key', 'keyBias'] as const),
  ...(['value', 'valueBias', 'output', 'outputBias', 'sourceGamma', 'sourceBeta'] as const),
  ...(['sourceQuery', 'sourceQueryBias', 'sourceOutput', 'sourceOutputBias'] as const),
  ...(['feedForwardGamma', 'feedForwardBeta', 'gate', 'gateBias', 'up', 'upBias'] as const),
  ...(['down', 'downBias'] as const),
] as const;

export const STEP_FIELDS = [
  ...(['rows', 'isPrompt', 'outputs', 'ids', 'places', 'slots', 'targets', 'sources'] as const),
  ...(['sourceLengths', 'x', 'normal', 'fused', 'mixed', 'inner', 'gated'] as const),
  ...(['statistics', 'logits'] as const),
] as const;

type Fields = readonly string[];

/** Writes a record to the heap. Each field is an integer, an address or the bits of a float32. */
export function writeRecord<F extends Fields>(
  heap: Heap,
  address: number,
  fields: F,
  values: Readonly<Record<F[number], number>>,
): void {
  const { i32 } = heap;
  fields.forEach((field, i) => {
    i32[address / 4 + i] = values[field as F[number]];
  });
}

/** Where a field of the record at `address` stands, in words of 4 bytes. */
export function wordOf<F extends Fields>(fields: F, address: number, field: F[number]): number {
  return address / 4 + fields.indexOf(field);
}

/** The sizes of a decoder. */
export interface DecoderSizes {
  readonly layerCount: number;
  /** Width of the hidden states, D. */
  readonly width: number;
  /** H */
  readonly heads: number;
  /** Hkv */
  readonly keyValueHeads: number;
  /** d */
  readonly headDim: number;
  /** F */
  readonly intermediate: number;
  /** V */
  readonly vocabulary: number;
  /** A code of activationName.ts. */
  readonly activation: number;
  /** Of the norms. */
  readonly epsilon: number;
  /** Whether norms come after the sums. Default: false. */
  readonly normReplaces?: boolean;
  /** What the words are multiplied with. Default: 1. */
  readonly wordScale?: number;
  /** The row of the positions that place 0 has. Default: 0. */
  readonly firstPlace?: number;
}

/** The weights of one layer. */
export type DecoderLayerTensors = Readonly<
  Partial<Record<(typeof LAYER_FIELDS)[number], tf.Tensor | undefined>>
>;

/** The weights of a decoder. */
export interface DecoderTensors {
  readonly words: tf.Tensor;
  readonly positions?: tf.Tensor | undefined;
  /** undefined: there is no norm. */
  readonly finalGamma: tf.Tensor | undefined;
  readonly finalBeta?: tf.Tensor | undefined;
  readonly head?: tf.Tensor | undefined;
  readonly headBias?: tf.Tensor | undefined;
  readonly layers: readonly DecoderLayerTensors[];
}
