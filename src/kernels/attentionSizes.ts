import type * as tf from '@tensorflow/tfjs-core';
import { AnyformerError } from '../core/errors.ts';
import { showShape } from './shapes.ts';

/** The tensors of attention. */
export interface AttentionInputs<T3 = tf.Tensor3D, T2 = tf.Tensor2D, T4 = tf.Tensor4D> {
  readonly query: T3;
  readonly key: T3;
  readonly value: T3;
  readonly mask: T2 | undefined;
  readonly bias: T4 | undefined;
}

/** The options of attention, with their defaults filled in. */
export type AttentionSettings = {
  readonly numHeads: number;
  readonly numKeyValueHeads: number;
  readonly causal: boolean;
  readonly dropout: number;
  readonly seed: number;
  readonly scale: number;
};

/** Elements from row to row and from batch to batch. */
type Strides = readonly [row: number, batch: number];

export interface AttentionSizes {
  readonly B: number;
  readonly queryLength: number;
  readonly keyLength: number;
  readonly headDim: number;
  readonly valueDim: number;
  readonly strides: Readonly<Record<'query' | 'key' | 'value' | 'output', Strides>>;
}

type AnyInputs = AttentionInputs<tf.TensorInfo, tf.TensorInfo, tf.TensorInfo>;

/**
 * Reads the sizes from the shapes.
 * @throws AnyformerError `INVALID_ARGUMENT` that gives the shapes which do not fit.
 */
export function attentionSizes(
  { query, key, value, mask, bias }: AnyInputs,
  { numHeads, numKeyValueHeads }: AttentionSettings,
): AttentionSizes {
  const [B, queryLength, queryWidth] = query.shape as [number, number, number];
  const [, keyLength, keyWidth] = key.shape as [number, number, number];
  const valueWidth = value.shape[2]!;
  const headDim = queryWidth / numHeads;
  const valueDim = valueWidth / numKeyValueHeads;
  const require = (holds: boolean, rule: string) => {
    if (!holds) throw misfit(rule, { query, key, value, mask, bias });
  };
  const isWhole = (x: number) => Number.isInteger(x);
  require([query, key, value].every(({ shape }) => shape.length === 3), 'all have three axes');
  require(isWhole(headDim), `numHeads ${numHeads} must divide the last axis of query`);
  require(isWhole(
    numHeads / numKeyValueHeads,
  ), `numKeyValueHeads ${numKeyValueHeads} must divide numHeads ${numHeads}`);
  require(isWhole(
    valueDim,
  ), `numKeyValueHeads ${numKeyValueHeads} must divide the last axis of value`);
  require(keyWidth ===
    numKeyValueHeads *
      headDim, `key must have ${numKeyValueHeads} heads of ${headDim}, as query has`);
  require([key, value].every(
    ({ shape }) => shape[0] === B && shape[1] === keyLength,
  ), 'key and value must have the batch of query and one length');
  require(mask === undefined ||
    fits(mask, [B, keyLength], false), 'mask must have the shape (batch, length of key)');
  require(bias === undefined ||
    fits(
      bias,
      [B, numHeads, queryLength, keyLength],
      true,
    ), 'bias must have the shape (batch or 1, numHeads or 1, length of query or 1, length of key)');
  return {
    B,
    queryLength,
    keyLength,
    headDim,
    valueDim,
    strides: {
      query: [queryWidth, queryLength * queryWidth],
      key: [keyWidth, keyLength * keyWidth],
      value: [valueWidth, keyLength * valueWidth],
      output: [numHeads * valueDim, queryLength * numHeads * valueDim],
    },
  };
}

/** Parameters of the kernels: the strides of the bias, 0 where it is repeated, sizes and options. */
export function attentionParameters(
  bias: tf.TensorInfo | undefined,
  sizes: Omit<AttentionSizes, 'B' | 'strides'>,
  { numHeads, numKeyValueHeads, causal, scale, dropout, seed }: AttentionSettings,
): number[] {
  const { queryLength, keyLength, headDim, valueDim } = sizes;
  const [batches, heads, rows] = bias?.shape ?? [1, 1, 1];
  const row = rows === 1 ? 0 : keyLength;
  const biasHead = heads === 1 ? 0 : rows! * keyLength;
  const biasBatch = batches === 1 ? 0 : heads! * rows! * keyLength;
  return [
    ...[row, biasBatch, biasHead, numHeads, numKeyValueHeads],
    ...[queryLength, keyLength, headDim, valueDim, Number(causal), scale, dropout, seed],
  ];
}

/** Whether a tensor has these sizes; where it may be repeated, 1 will do for all axes but the last. */
function fits(tensor: tf.TensorInfo, sizes: number[], isRepeatable: boolean): boolean {
  const { shape } = tensor;
  if (shape.length !== sizes.length) return false;
  return sizes.every((size, i) => {
    return shape[i] === size || (isRepeatable && i < sizes.length - 1 && shape[i] === 1);
  });
}

function misfit(rule: string, inputs: AnyInputs): AnyformerError {
  const shapes = Object.entries(inputs)
    .filter(([, tensor]) => tensor !== undefined)
    .map(([name, tensor]) => `${name} ${showShape((tensor as tf.TensorInfo).shape)}`);
  return new AnyformerError(
    'INVALID_ARGUMENT',
    `scaledDotProductAttention: ${rule}; received ${shapes.join(', ')}.`,
  );
}
