import * as tf from '@tensorflow/tfjs-core';
import { AnyformerError } from '../core/errors.ts';
import {
  type AttentionSettings,
  type AttentionSizes,
  attentionParameters,
} from './attentionSizes.ts';
import { requireRate } from './dropout.ts';
import { type Compute, canRun, newKernel, runKernel } from './kernelDefinition.ts';
import { runRange, threadScratch } from './run.ts';
import { runAttention } from './runAttention.ts';
import { type AttentionOptions, scaledDotProductAttention } from './scaledDotProductAttention.ts';
import { requireShape, showShape } from './shapes.ts';

const SELF_ATTENTION = 'SelfAttention';
const SELF_ATTENTION_GRAD = 'SelfAttentionGrad';

export type SelfAttentionOptions = Omit<AttentionOptions, 'bias'>;

/**
 * `scaledDotProductAttention` of a sequence to itself, with queries, keys and values as one tensor,
 * as one linear map gives them: nothing is taken apart, and the gradient is one tensor again.
 *
 * @param fused (B, T, (H + 2 Hkv) d): the heads of queries, of keys and of values, side by side
 * @returns (B, T, H*d)
 * @throws AnyformerError `INVALID_ARGUMENT` for shapes that do not fit.
 *
 * @example
 * selfAttention(linear(x, kernel, bias), { numHeads: 8, causal: true });
 *
 * Source: as the attention of GPT-2; see `scaledDotProductAttention`.
 */
export function selfAttention(fused: tf.Tensor3D, options: SelfAttentionOptions): tf.Tensor3D {
  return tf.tidy(() => {
    const { numHeads, numKeyValueHeads = numHeads, causal = false, seed = 0 } = options;
    const headDim = headDimOf(fused, numHeads, numKeyValueHeads, options.mask);
    const { dropout = 0, scale = 1 / Math.sqrt(headDim) } = options;
    requireRate('selfAttention', 'dropout', dropout);
    const settings = { numHeads, numKeyValueHeads, causal, dropout, seed, scale };
    if (!canRun(SELF_ATTENTION, fused)) {
      return selfAttentionComposed(fused, { ...settings, mask: options.mask });
    }
    const mask = options.mask && tf.notEqual(options.mask, tf.zerosLike(options.mask));
    const inputs = mask ? [fused, mask] : [fused];
    return runKernel<tf.Tensor3D[]>(SELF_ATTENTION, inputs, settings)[0]!;
  });
}

/** The same of three tensors: for backends without our kernel, and to check it against. */
export function selfAttentionComposed(
  fused: tf.Tensor3D,
  options: SelfAttentionOptions,
): tf.Tensor3D {
  return tf.tidy(() => {
    const { numHeads, numKeyValueHeads = numHeads } = options;
    const headDim = headDimOf(fused, numHeads, numKeyValueHeads, options.mask);
    const widths = [numHeads, numKeyValueHeads, numKeyValueHeads].map((heads) => heads * headDim);
    const [query, key, value] = tf.split(fused, widths, 2) as [tf.Tensor3D, ...tf.Tensor3D[]];
    return scaledDotProductAttention(query, key!, value!, options);
  });
}

function headDimOf(
  fused: tf.Tensor3D,
  numHeads: number,
  numKeyValueHeads: number,
  mask: tf.Tensor2D | undefined,
): number {
  requireShape('selfAttention', 'fused', fused, [-1, -1, -1]);
  const [B, T, width] = fused.shape;
  if (mask) requireShape('selfAttention', 'mask', mask, [B, T]);
  const headDim = width / (numHeads + 2 * numKeyValueHeads);
  if (Number.isInteger(headDim) && numHeads % numKeyValueHeads === 0) return headDim;
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `selfAttention: fused ${showShape(fused.shape)} does not hold ${numHeads} heads of queries and ` +
      `${numKeyValueHeads} of keys and of values; these must divide those, and all of them together ` +
      'the last axis.',
  );
}

/** The sizes of an attention whose queries, keys and values are one tensor of this shape. */
export function fusedSizes(shape: readonly number[], settings: Heads): AttentionSizes {
  const [B, T, width] = shape as [number, number, number];
  const { numHeads, numKeyValueHeads } = settings;
  const headDim = width / (numHeads + 2 * numKeyValueHeads);
  const fused = [width, T * width] as const;
  const output = [numHeads * headDim, T * numHeads * headDim] as const;
  return {
    ...{ B, queryLength: T, keyLength: T, headDim, valueDim: headDim },
    strides: { query: fused, key: fused, value: fused, output },
  };
}

/** Where the queries, keys and values begin in a fused tensor at `address`. */
export function fusedParts(address: number, { headDim }: AttentionSizes, settings: Heads) {
  const { numHeads, numKeyValueHeads } = settings;
  const key = address + 4 * numHeads * headDim;
  return { query: address, key, value: key + 4 * numKeyValueHeads * headDim };
}

type Heads = Pick<AttentionSettings, 'numHeads' | 'numKeyValueHeads'>;

type Forward = Compute<readonly [fused: tf.TensorInfo, mask?: tf.TensorInfo], AttentionSettings>;

const forward: Forward = ({ inputs, attrs, backend }) => {
  const [fused, mask] = inputs;
  const sizes = fusedSizes(fused.shape, attrs);
  const { B, queryLength, strides } = sizes;
  const output = backend.output([B, queryLength, strides.output[0]], 'float32');
  // The largest exponent and the inverse sum of each row of scores, for the gradient.
  const statistics = backend.output([B, attrs.numHeads, queryLength, 2], 'float32');
  const at = (tensor: tf.TensorInfo | undefined) => (tensor ? backend.pointer(tensor) : 0);
  const addresses = {
    ...fusedParts(at(fused), sizes, attrs),
    ...{ output: at(output), statistics: at(statistics), mask: at(mask) },
  };
  runAttention(backend, addresses, sizes, attrs);
  return [output, statistics];
};

/** Inputs: those of the forward kernel, its output and statistics, and dy. */
const backward: Compute<readonly tf.TensorInfo[], AttentionSettings> = ({
  inputs,
  attrs,
  backend,
}) => {
  const [fused, output, statistics, dy, mask] = inputs as [
    tf.TensorInfo,
    tf.TensorInfo,
    tf.TensorInfo,
    tf.TensorInfo,
    tf.TensorInfo?,
  ];
  const sizes = fusedSizes(fused.shape, attrs);
  const { B, queryLength, keyLength, headDim, valueDim, strides } = sizes;
  const dfused = backend.output(fused.shape, 'float32');
  const at = (tensor: tf.TensorInfo | undefined) => (tensor ? backend.pointer(tensor) : 0);
  const parts = fusedParts(at(fused), sizes, attrs);
  const gradients = fusedParts(at(dfused), sizes, attrs);
  const { scratch, scratchBytes } = threadScratch(
    backend,
    backend.native.f32_attentionGrad_scratchBytes!(queryLength, keyLength, headDim, valueDim) >>> 0,
  );
  const bias = 0;
  const parameters = [
    ...[parts.query, ...strides.query, parts.key, ...strides.key, parts.value, ...strides.value],
    ...[at(output), ...strides.output, at(statistics), at(dy)],
    ...[gradients.query, gradients.key, gradients.value, at(mask), bias],
    ...[...attentionParameters(undefined, sizes, attrs), scratch],
  ];
  const unitWork = queryLength * keyLength * (headDim + valueDim);
  runRange(backend, 'f32_attentionGrad', parameters, B * attrs.numKeyValueHeads, {
    unitWork,
    scratchBytes,
  });
  return dfused;
};

const gradFunc: tf.GradFunc = (dys, saved, attributes) => {
  const dy = (dys as tf.Tensor[])[0]!;
  const hasMask = saved.length === 4;
  const [fused, output, statistics] = hasMask
    ? [saved[0]!, saved[2]!, saved[3]!]
    : (saved as [tf.Tensor, tf.Tensor, tf.Tensor]);
  const inputs = [fused, output, statistics, dy, ...(hasMask ? [saved[1]!] : [])];
  return {
    0: () => runKernel<tf.Tensor>(SELF_ATTENTION_GRAD, inputs, attributes),
    ...(hasMask && { 1: () => tf.zeros(saved[1]!.shape) }),
  };
};

export const selfAttentionKernels = [
  newKernel(SELF_ATTENTION, forward, {
    saveAllInputs: true,
    outputsToSave: [true, true],
    gradFunc,
  }),
  newKernel(SELF_ATTENTION_GRAD, backward),
];
