import * as tf from '@tensorflow/tfjs-core';
import { linear } from '../kernels/linear.ts';
import { rotaryEmbedding } from '../kernels/rotaryEmbedding.ts';
import {
  attentionWithWeights,
  scaledDotProductAttention,
} from '../kernels/scaledDotProductAttention.ts';
import { selfAttention } from '../kernels/selfAttention.ts';
import type { AttentionWeights, LinearWeights, SelfAttentionWeights } from './blockWeights.ts';
import type { ForwardContext } from './forwardContext.ts';

export interface AttendOptions extends ForwardContext {
  readonly numHeads: number;
  readonly numKeyValueHeads?: number;
  /** (B, Tk), nonzero = may be attended to. */
  readonly mask?: tf.Tensor2D | undefined;
  /** Added to the scores, broadcast to (B, H, Tq, Tk). */
  readonly bias?: tf.Tensor4D | undefined;
  /** A position sees itself and what stands before it. */
  readonly causal?: boolean;
  /** Turns queries and keys by their positions: see `rotaryEmbedding`. */
  readonly rotary?: RotaryTables | undefined;
  /** Rate at which attention probabilities are dropped in training. */
  readonly dropout?: number;
  /** Whether to return the attention probabilities too. Costs a (B, H, Tq, Tk) tensor. */
  readonly returnProbabilities?: boolean;
}

export interface RotaryTables {
  /** (positions, d/2) */
  readonly cos: tf.Tensor2D;
  /** (positions, d/2) */
  readonly sin: tf.Tensor2D;
  /** (B, T) int32. Default: place t has position t. */
  readonly positions?: tf.Tensor2D | undefined;
}

export interface Attended {
  /** (B, Tq, D) */
  readonly output: tf.Tensor3D;
  /** (B, H, Tq, Tk), where asked for. */
  readonly probabilities?: tf.Tensor4D;
}

/**
 * Multi-head attention: softmax(q kᵀ / sqrt(d)) v for each head, with linear maps before and after.
 *
 * @param query (B, Tq, D) what attends.
 * @param key (B, Tk, Dk) what is compared with.
 * @param value (B, Tk, Dv) what is mixed.
 * @see Vaswani et al., Attention Is All You Need, section 3.2.2; Ainslie et al., GQA.
 */
export function attend(
  query: tf.Tensor3D,
  key: tf.Tensor3D,
  value: tf.Tensor3D,
  weights: AttentionWeights,
  options: AttendOptions,
): Attended {
  const q = linear(query, weights.query.kernel, weights.query.bias); // (B, Tq, H*d)
  const k = linear(key, weights.key.kernel, weights.key.bias); // (B, Tk, Hkv*d)
  const v = linear(value, weights.value.kernel, weights.value.bias); // (B, Tk, Hkv*dv)
  return project(mix(q, k, v, options), weights.output);
}

/** {@link attend} of x (B, T, D) to itself. */
export function selfAttend(
  x: tf.Tensor3D,
  weights: SelfAttentionWeights,
  options: AttendOptions,
): Attended {
  if (!('queryKeyValue' in weights)) return attend(x, x, x, weights, options);
  const { kernel, bias } = weights.queryKeyValue;
  const fused = linear(x, kernel, bias) as tf.Tensor3D; // (B, T, (H + 2 Hkv) d)
  return project(mixFused(fused, options), weights.output);
}

/** {@link mix} of queries, keys and values side by side: taken apart only where it has to be. */
function mixFused(fused: tf.Tensor3D, options: AttendOptions): Attended {
  const { numHeads, numKeyValueHeads = numHeads, mask, causal = false } = options;
  if (!options.rotary && !options.bias && !options.returnProbabilities) {
    const heads = { numHeads, numKeyValueHeads, mask, causal };
    return { output: selfAttention(fused, { ...heads, ...dropoutOf(options) }) };
  }
  const headDim = fused.shape[2] / (numHeads + 2 * numKeyValueHeads);
  const widths = [numHeads, numKeyValueHeads, numKeyValueHeads].map((heads) => heads * headDim);
  const [q, k, v] = tf.split(fused, widths, 2) as [tf.Tensor, tf.Tensor, tf.Tensor];
  return mix(q, k, v, options);
}

/** From the heads' values, (B, T, H*dv), to what the attention adds, (B, T, D). */
function project({ output, ...rest }: Attended, { kernel, bias }: LinearWeights): Attended {
  return { ...rest, output: linear(output, kernel, bias) as tf.Tensor3D };
}

/** The attention itself, between the linear maps. */
function mix(q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, options: AttendOptions): Attended {
  const { numHeads, numKeyValueHeads = numHeads, mask, bias, causal = false } = options;
  const keyWidth = q.shape[2]! / numHeads;
  const valueWidth = v.shape[2]! / numKeyValueHeads;
  const width = Math.max(keyWidth, valueWidth);
  const parameters = {
    numHeads,
    numKeyValueHeads,
    causal,
    scale: 1 / Math.sqrt(keyWidth),
    ...dropoutOf(options),
    ...(mask && { mask }),
    ...(bias && { bias }),
  };
  const inputs = [
    resizeHeads(turn(q, numHeads, options.rotary), numHeads, width),
    resizeHeads(turn(k, numKeyValueHeads, options.rotary), numKeyValueHeads, width),
    resizeHeads(v, numKeyValueHeads, width),
  ] as const;
  const { output, weights } = options.returnProbabilities
    ? attentionWithWeights(...inputs, parameters)
    : { output: scaledDotProductAttention(...inputs, parameters), weights: undefined };
  const mixed = resizeHeads(output as tf.Tensor3D, numHeads, valueWidth);
  return weights ? { output: mixed, probabilities: weights as tf.Tensor4D } : { output: mixed };
}

function dropoutOf(options: AttendOptions): { dropout: number; seed: number } {
  const dropout = options.training ? (options.dropout ?? 0) : 0;
  return { dropout, seed: dropout > 0 ? options.seeds.next() : 0 };
}

function turn(x: tf.Tensor, numHeads: number, rotary: RotaryTables | undefined): tf.Tensor {
  if (rotary === undefined) return x;
  const { cos, sin, positions } = rotary;
  return rotaryEmbedding(x as tf.Tensor3D, cos, sin, { numHeads, positions });
}

/**
 * Pads each head with zeros to `width`, or cuts it. The kernel takes keys and values of one width;
 * zeros add nothing to the scores, and nothing but zeros to the output.
 */
function resizeHeads(x: tf.Tensor, heads: number, width: number): tf.Tensor3D {
  const [batch, steps, total] = x.shape as [number, number, number];
  const current = total / heads;
  if (current === width) return x as tf.Tensor3D;
  const apart = tf.reshape(x, [batch, steps, heads, current]); // (B, T, H, d)
  const resized =
    current < width
      ? tf.pad(apart, [
          [0, 0],
          [0, 0],
          [0, 0],
          [0, width - current],
        ])
      : tf.slice(apart, [0, 0, 0, 0], [batch, steps, heads, width]);
  return tf.reshape(resized, [batch, steps, heads * width]); // (B, T, H*width)
}
