import * as tf from '@tensorflow/tfjs-core';
import { AnyformerError } from '../core/errors.ts';
import {
  type AttentionInputs,
  type AttentionSettings,
  attentionParameters,
  attentionSizes,
} from './attentionSizes.ts';
import { biasGradient, composedAttention } from './composedAttention.ts';
import { requireRate } from './dropout.ts';
import { type Compute, canRun, newKernel, runKernel } from './kernelDefinition.ts';
import { runRange, threadScratch } from './run.ts';
import { runAttention } from './runAttention.ts';

const ATTENTION = 'ScaledDotProductAttention';
const ATTENTION_GRAD = 'ScaledDotProductAttentionGrad';

export interface AttentionOptions {
  readonly numHeads: number;
  /** Heads of key and value, each for `numHeads / numKeyValueHeads` queries. Default: `numHeads`. */
  readonly numKeyValueHeads?: number;
  /** (B, Tk), 0 where a key may not be attended to. A query that sees no key gives zeros. */
  readonly mask?: tf.Tensor2D | undefined;
  /** (B or 1, H or 1, Tq or 1, Tk), added to the scaled scores: relative positions. */
  readonly bias?: tf.Tensor4D | undefined;
  /** Hides the keys behind a query's place; the last query sees the last key. Default: `false`. */
  readonly causal?: boolean;
  /** The share of attention weights that are dropped, in [0, 1). Default: 0. */
  readonly dropout?: number;
  /** A 32-bit integer that chooses what is dropped. Default: 0. */
  readonly seed?: number;
  /** What scores are multiplied with. Default: 1 / sqrt(d). */
  readonly scale?: number;
}

/**
 * Attention of all heads: softmax(query keyᵀ scale + bias, masked) value. No matrix of all scores
 * is ever made, forward or backward, except for the gradient of a bias.
 *
 * @param query (B, Tq, H*d), heads side by side
 * @param key (B, Tk, Hkv*d)
 * @param value (B, Tk, Hkv*dv)
 * @returns (B, Tq, H*dv)
 * @throws AnyformerError `INVALID_ARGUMENT` for shapes that do not fit.
 *
 * @example
 * scaledDotProductAttention(q, k, v, { numHeads: 8, mask, causal: true });
 *
 * Source: Vaswani et al., "Attention Is All You Need" (2017), as
 * `torch.nn.functional.scaled_dot_product_attention`; the gradient after Dao et al.,
 * "FlashAttention" (2022).
 */
export function scaledDotProductAttention(
  query: tf.Tensor3D,
  key: tf.Tensor3D,
  value: tf.Tensor3D,
  options: AttentionOptions,
): tf.Tensor3D {
  return tf.tidy(() => attend(query, key, value, options, false).output);
}

/**
 * {@link scaledDotProductAttention} that also gives the weights, before dropout.
 *
 * @returns `output` (B, Tq, H*dv); `weights` (B, H, Tq, Tk), which have no gradient.
 *
 * @example
 * const { output, weights } = attentionWithWeights(q, k, v, { numHeads: 8 });
 */
export function attentionWithWeights(
  query: tf.Tensor3D,
  key: tf.Tensor3D,
  value: tf.Tensor3D,
  options: AttentionOptions,
): { output: tf.Tensor3D; weights: tf.Tensor4D } {
  return tf.tidy(() => {
    const { output, weights } = attend(query, key, value, options, true);
    return { output, weights: withoutGradient(weights!) };
  });
}

function attend(
  query: tf.Tensor3D,
  key: tf.Tensor3D,
  value: tf.Tensor3D,
  options: AttentionOptions,
  withWeights: boolean,
): { output: tf.Tensor3D; weights?: tf.Tensor4D } {
  const { numHeads, numKeyValueHeads = numHeads, bias, causal = false, seed = 0 } = options;
  const { dropout = 0, scale = Math.sqrt(numHeads / query.shape[2]!) } = options;
  requireRate('scaledDotProductAttention', 'dropout', dropout);
  const mask =
    options.mask && (tf.notEqual(options.mask, tf.zerosLike(options.mask)) as tf.Tensor2D);
  const inputs: AttentionInputs = { query, key, value, mask, bias };
  const settings: AttentionSettings = { numHeads, numKeyValueHeads, causal, dropout, seed, scale };
  attentionSizes(inputs, settings); // throws where shapes do not fit
  if (!canRun(ATTENTION, query, key, value, bias)) return composedAttention(inputs, settings);
  const tensors = [query, key, value, mask, bias].filter((tensor) => tensor !== undefined);
  const present = { hasMask: mask !== undefined, hasBias: bias !== undefined };
  const attributes: Attributes = { ...settings, ...present, withWeights };
  const [output, , weights] = runKernel<tf.Tensor[]>(ATTENTION, tensors, attributes);
  const result = { output: output as tf.Tensor3D };
  return weights ? { ...result, weights: weights as tf.Tensor4D } : result;
}

/** The same tensor; using it in a loss is an error rather than a gradient of zero. */
function withoutGradient(weights: tf.Tensor4D): tf.Tensor4D {
  const passThrough = tf.customGrad((x: unknown) => ({
    value: tf.clone(x as tf.Tensor4D),
    gradFunc: (): tf.Tensor => {
      throw new AnyformerError(
        'UNSUPPORTED',
        'attentionWithWeights: the weights have no gradient; use only `output` in the loss.',
      );
    },
  }));
  return passThrough(weights) as tf.Tensor4D;
}

type Attributes = AttentionSettings & {
  readonly hasMask: boolean;
  readonly hasBias: boolean;
  readonly withWeights: boolean;
};

/** Names the tensors of a kernel's inputs; behind them stands what else was saved. */
function named<T>(tensors: readonly T[], { hasMask, hasBias }: Attributes) {
  const [query, key, value] = tensors as [T, T, T];
  const mask = hasMask ? tensors[3] : undefined;
  const bias = hasBias ? tensors[3 + Number(hasMask)] : undefined;
  return {
    query,
    key,
    value,
    mask,
    bias,
    rest: tensors.slice(3 + Number(hasMask) + Number(hasBias)),
  };
}

const forward: Compute<readonly tf.TensorInfo[], Attributes> = ({ inputs, attrs, backend }) => {
  const { query, key, value, mask, bias } = named(inputs, attrs);
  const { numHeads, withWeights } = attrs;
  const sizes = attentionSizes({ query, key, value, mask, bias }, attrs);
  const { B, queryLength, keyLength, valueDim } = sizes;
  const output = backend.output([B, queryLength, numHeads * valueDim], 'float32');
  // The largest exponent and the inverse sum of each row of scores, for the gradient.
  const statistics = backend.output([B, numHeads, queryLength, 2], 'float32');
  const weights = withWeights
    ? backend.output([B, numHeads, queryLength, keyLength], 'float32')
    : undefined;
  const at = (tensor: tf.TensorInfo | undefined) => (tensor ? backend.pointer(tensor) : 0);
  const addresses = {
    ...{ query: at(query), key: at(key), value: at(value), output: at(output) },
    ...{ statistics: at(statistics), weights: at(weights), mask: at(mask), bias: at(bias) },
  };
  runAttention(backend, addresses, sizes, attrs, bias);
  return weights ? [output, statistics, weights] : [output, statistics];
};

/** Inputs: those of the forward kernel, its output and statistics, and dy. */
const backward: Compute<readonly tf.TensorInfo[], Attributes> = ({ inputs, attrs, backend }) => {
  const { query, key, value, mask, bias, rest } = named(inputs, attrs);
  const [output, statistics, dy] = rest;
  const sizes = attentionSizes({ query, key, value, mask, bias }, attrs);
  const { B, queryLength, keyLength, headDim, valueDim, strides } = sizes;
  const dquery = backend.output(query.shape, 'float32');
  const dkey = backend.output(key.shape, 'float32');
  const dvalue = backend.output(value.shape, 'float32');
  const lengths = [queryLength, keyLength, headDim, valueDim];
  const { scratch, scratchBytes } = threadScratch(
    backend,
    backend.native.f32_attentionGrad_scratchBytes!(...lengths) >>> 0,
  );
  const at = (tensor: tf.TensorInfo | undefined) => (tensor ? backend.pointer(tensor) : 0);
  const parameters = [
    ...[at(query), ...strides.query, at(key), ...strides.key, at(value), ...strides.value],
    ...[at(output), ...strides.output, at(statistics), at(dy)],
    ...[at(dquery), at(dkey), at(dvalue), at(mask), at(bias)],
    ...[...attentionParameters(bias, sizes, attrs), scratch],
  ];
  const unitWork = queryLength * keyLength * (headDim + valueDim);
  runRange(backend, 'f32_attentionGrad', parameters, B * attrs.numKeyValueHeads, {
    unitWork,
    scratchBytes,
  });
  return [dquery, dkey, dvalue];
};

const gradFunc: tf.GradFunc = (dys, saved, attributes) => {
  const attrs = attributes as Attributes;
  const dy = (dys as tf.Tensor[])[0]!;
  const [dquery, dkey, dvalue] = runKernel<tf.Tensor[]>(ATTENTION_GRAD, [...saved, dy], attrs);
  const { mask, bias, ...heads } = named(saved, attrs);
  const gradients: Record<number, () => tf.Tensor> = {
    0: () => dquery!,
    1: () => dkey!,
    2: () => dvalue!,
  };
  if (mask) gradients[3] = () => tf.zeros(mask.shape);
  if (bias) {
    // Only where a bias is learned, as T5's; the scores have to be made for it.
    const inputs = { ...heads, mask, bias } as AttentionInputs & { bias: tf.Tensor4D };
    const place = 3 + Number(attrs.hasMask);
    gradients[place] = () => biasGradient(inputs, attrs, dy as tf.Tensor3D);
  }
  return gradients;
};

export const attentionKernels = [
  newKernel(ATTENTION, forward, {
    saveAllInputs: true,
    outputsToSave: [true, true, false],
    gradFunc,
  }),
  newKernel(ATTENTION_GRAD, backward),
];
