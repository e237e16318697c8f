import * as tf from '@tensorflow/tfjs-core';
import type { ActivationName } from '../kernels/activationName.ts';
import { layerNorm } from '../kernels/layerNorm.ts';
import { linear } from '../kernels/linear.ts';
import { type Attended, type AttendOptions, attend } from './attend.ts';
import type {
  AttentionBlockWeights,
  FeedForwardBlockWeights,
  NormWeights,
} from './blockWeights.ts';
import { dropWhileTraining, type ForwardContext } from './forwardContext.ts';

/** What both parts of a Transformer block share. */
interface BlockOptions {
  /** Rate for the output of each part, before it is added to what came in. */
  readonly hiddenDropout: number;
  /** Added to the variance in the layer norms. */
  readonly epsilon: number;
  /** Layer norm before each part (GPT-2) rather than after the sum (the paper, BERT). */
  readonly normalizeFirst: boolean;
}

export interface AttentionBlockOptions extends BlockOptions, AttendOptions {}

export interface FeedForwardBlockOptions extends BlockOptions, ForwardContext {
  readonly activation: ActivationName;
}

/**
 * x + attention(norm(x)), or norm(x + attention(x)).
 *
 * @param x (B, T, D)
 * @param source (B, S, Ds) what x attends to; x itself where absent (self-attention).
 */
export function attentionBlock(
  x: tf.Tensor3D,
  { attention, norm }: AttentionBlockWeights,
  options: AttentionBlockOptions,
  source?: tf.Tensor3D,
): Attended {
  const query = options.normalizeFirst ? normalize(x, norm, options) : x;
  const memory = source ?? query;
  const attended = attend(query, memory, memory, attention, options);
  const change = dropWhileTraining(attended.output, options.hiddenDropout, options);
  const sum = tf.add(x, change) as tf.Tensor3D;
  const output = options.normalizeFirst ? sum : normalize(sum, norm, options);
  return { ...attended, output };
}

/** x + mlp(norm(x)), or norm(x + mlp(x)), with mlp(x) = activation(x W1 + b1) W2 + b2. */
export function feedForwardBlock(
  x: tf.Tensor3D,
  { intermediate, output, norm }: FeedForwardBlockWeights,
  options: FeedForwardBlockOptions,
): tf.Tensor3D {
  let h: tf.Tensor = options.normalizeFirst ? normalize(x, norm, options) : x;
  h = linear(h, intermediate.kernel, intermediate.bias, options.activation); // (B, T, F)
  h = linear(h, output.kernel, output.bias); // (B, T, D)
  const sum = tf.add(x, dropWhileTraining(h, options.hiddenDropout, options)) as tf.Tensor3D;
  return options.normalizeFirst ? sum : normalize(sum, norm, options);
}

function normalize(x: tf.Tensor3D, norm: NormWeights, { epsilon }: BlockOptions): tf.Tensor3D {
  return layerNorm(x, norm.gamma, norm.beta, epsilon);
}
