import type * as tf from '@tensorflow/tfjs-core';
import type { AnyformerBackend } from '../engine/backend.ts';
import {
  type AttentionSettings,
  type AttentionSizes,
  attentionParameters,
} from './attentionSizes.ts';
import { runRange, threadScratch } from './run.ts';

/** Where the tensors of an attention stand; what is left out is not there. */
export interface AttentionAddresses {
  readonly query: number;
  readonly key: number;
  readonly value: number;
  readonly output: number;
  /** (B, H, Tq, 2), receives what the gradient needs of each row of scores. */
  readonly statistics?: number;
  /** (B, H, Tq, Tk), receives the weights. */
  readonly weights?: number;
  /** (B, Tk), a byte each. */
  readonly mask?: number;
  readonly bias?: number;
}

/** The attention of all heads from addresses to addresses. The scratch buffer is used. */
export function runAttention(
  backend: AnyformerBackend,
  addresses: AttentionAddresses,
  sizes: AttentionSizes,
  settings: AttentionSettings,
  bias?: tf.TensorInfo,
): void {
  const { query, key, value, output, statistics = 0, weights = 0, mask = 0 } = addresses;
  const { B, queryLength, keyLength, headDim, valueDim, strides } = sizes;
  const { scratch, scratchBytes } = threadScratch(
    backend,
    backend.native.f32_attention_scratchBytes!(queryLength, keyLength, headDim, valueDim) >>> 0,
  );
  const parameters = [
    ...[query, ...strides.query, key, ...strides.key, value, ...strides.value],
    ...[output, ...strides.output, statistics, weights, mask, addresses.bias ?? 0],
    ...[...attentionParameters(bias, sizes, settings), scratch],
  ];
  const unitWork = (queryLength * keyLength * (headDim + valueDim)) / 4;
  runRange(backend, 'f32_attention', parameters, B * settings.numHeads, { unitWork, scratchBytes });
}
