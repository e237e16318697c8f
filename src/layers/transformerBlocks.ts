import * as tf from '@tensorflow/tfjs-core';
import type { ActivationName } from '../kernels/activationName.ts';
import { layerNorm } from '../kernels/layerNorm.ts';
import { linear } from '../kernels/linear.ts';
import { rmsNorm } from '../kernels/rmsNorm.ts';
import { type Attended, type AttendOptions, attend, selfAttend } from './attend.ts';
import type {
  AttentionBlockOptions,
  BlockOptions,
  FeedForwardBlockOptions,
} from './blockOptions.ts';
import type {
  AttentionBlockWeights,
  FeedForwardBlockWeights,
  LinearWeights,
  NormWeights,
  SelfAttentionWeights,
} from './blockWeights.ts';
import { dropWhileTraining, type ForwardContext } from './forwardContext.ts';
import { predictAttention, predictFeedForward } from './predictBlocks.ts';
import { runBlock } from './runBlock.ts';

/**
 * x + attention(norm(x)), or norm(x + attention(x)): a sequence that attends to itself.
 *
 * @param x (B, T, D)
 */
export function attentionBlock(
  x: tf.Tensor3D,
  weights: AttentionBlockWeights<SelfAttentionWeights>,
  options: AttentionBlockOptions,
): Attended {
  const predicted = predictAttention(x, weights, options);
  if (predicted) return { output: predicted };
  const { attention, norm } = weights;
  return attendAndAdd(x, undefined, norm, options, (query, _, inner) =>
    selfAttend(query, attention, inner),
  );
}

/**
 * The same with attention to another sequence.
 *
 * @param source (B, S, Ds) what x attends to.
 */
export function crossAttentionBlock(
  x: tf.Tensor3D,
  source: tf.Tensor3D,
  { attention, norm }: AttentionBlockWeights,
  options: AttentionBlockOptions,
): Attended {
  return attendAndAdd(x, source, norm, options, (query, memory, inner) =>
    attend(query, memory!, memory!, attention, inner),
  );
}

function attendAndAdd(
  x: tf.Tensor3D,
  source: tf.Tensor3D | undefined,
  norm: NormWeights,
  options: AttentionBlockOptions,
  attendTo: (
    query: tf.Tensor3D,
    source: tf.Tensor3D | undefined,
    options: AttendOptions,
  ) => Attended,
): Attended {
  const { mask, bias } = options;
  const [output, probabilities] = runBlock(
    options,
    ({ x, source, mask, bias }) => {
      const query = options.normalizeFirst ? normalize(x, norm, options.epsilon) : x;
      const attended = attendTo(query, source, { ...options, mask, bias });
      const sum = addToResidual(x, attended.output, norm, options);
      return attended.probabilities ? [sum, attended.probabilities] : [sum];
    },
    { x, source, mask, bias },
  ) as [tf.Tensor3D, tf.Tensor4D?];
  return probabilities ? { output, probabilities } : { output };
}

/**
 * x + mlp(norm(x)), or norm(x + mlp(x)), with mlp(x) = activation(x W1 + b1) W2 + b2, or gated
 * (SwiGLU): (activation(x Wg + bg) * (x W1 + b1)) W2 + b2.
 */
export function feedForwardBlock(
  x: tf.Tensor3D,
  weights: FeedForwardBlockWeights,
  options: FeedForwardBlockOptions,
): tf.Tensor3D {
  const predicted = predictFeedForward(x, weights, options);
  if (predicted) return predicted;
  const { gate, intermediate, output, norm } = weights;
  return runBlock(
    options,
    ({ x }) => {
      const input = options.normalizeFirst ? normalize(x, norm, options.epsilon) : x;
      const h = gate // (B, T, F)
        ? tf.mul(applyLinear(input, gate, options.activation), applyLinear(input, intermediate))
        : applyLinear(input, intermediate, options.activation);
      const inner = dropWhileTraining(h, options.activationDropout ?? 0, options);
      return addToResidual(x, applyLinear(inner, output) as tf.Tensor3D, norm, options);
    },
    { x },
  );
}

/** The norm that a part's weights are for, over the last axis. */
export function normalize<T extends tf.Tensor>(x: T, norm: NormWeights, epsilon: number): T {
  return 'beta' in norm
    ? layerNorm(x, norm.gamma, norm.beta, epsilon)
    : rmsNorm(x, norm.gamma, epsilon);
}

function applyLinear(x: tf.Tensor, { kernel, bias }: LinearWeights, activation?: ActivationName) {
  return linear(x, kernel, bias, activation);
}

function addToResidual(
  x: tf.Tensor3D,
  change: tf.Tensor3D,
  norm: NormWeights,
  options: BlockOptions & ForwardContext,
): tf.Tensor3D {
  const sum = tf.add(x, dropWhileTraining(change, options.hiddenDropout, options)) as tf.Tensor3D;
  return options.normalizeFirst ? sum : normalize(sum, norm, options.epsilon);
}
