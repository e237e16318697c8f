import type * as tf from '@tensorflow/tfjs-core';
import { attentionSublayer } from '../kernels/attentionSublayer.ts';
import { feedForwardSublayer } from '../kernels/feedForwardSublayer.ts';
import type { AttentionBlockOptions, FeedForwardBlockOptions } from './blockOptions.ts';
import type {
  AttentionBlockWeights,
  FeedForwardBlockWeights,
  NormWeights,
  SelfAttentionWeights,
} from './blockWeights.ts';

/**
 * The attention block in one call, where nothing has to be kept of it for a gradient.
 *
 * @returns undefined where it has to be put together: while a gradient is recorded or something is
 *   dropped, with what the kernel does not know, and on backends without it.
 */
export function predictAttention(
  x: tf.Tensor3D,
  { attention, norm }: AttentionBlockWeights<SelfAttentionWeights>,
  options: AttentionBlockOptions,
): tf.Tensor3D | undefined {
  const { numHeads, numKeyValueHeads = numHeads, causal = false, mask } = options;
  const { epsilon, normalizeFirst, hiddenDropout, dropout = 0 } = options;
  if (options.rotary || options.bias || options.returnProbabilities) return undefined;
  if (options.training && (hiddenDropout > 0 || dropout > 0)) return undefined;
  const { output } = attention;
  const projections = projectionsOf(attention, numHeads, numKeyValueHeads);
  if (projections === undefined || x.size === 0) return undefined;
  const ofOutput = { output: output.kernel, outputBias: output.bias };
  return attentionSublayer(
    { x, mask, ...projections, ...ofOutput, ...tensorsOf(norm) },
    { numHeads, numKeyValueHeads, causal, epsilon, normalizeFirst },
  );
}

/** The feed-forward block in one call; undefined as in {@link predictAttention}, and where it is gated. */
export function predictFeedForward(
  x: tf.Tensor3D,
  { gate, intermediate, output, norm }: FeedForwardBlockWeights,
  options: FeedForwardBlockOptions,
): tf.Tensor3D | undefined {
  const { activation, epsilon, normalizeFirst, hiddenDropout, activationDropout = 0 } = options;
  if (gate || x.size === 0) return undefined;
  if (options.training && (hiddenDropout > 0 || activationDropout > 0)) return undefined;
  return feedForwardSublayer<tf.Tensor3D>(
    {
      x,
      ...{ intermediate: intermediate.kernel, intermediateBias: intermediate.bias },
      ...{ output: output.kernel, outputBias: output.bias },
      ...tensorsOf(norm),
    },
    { activation, epsilon, normalizeFirst },
  );
}

/** Undefined for heads of values that are not as wide as those of keys: they have to be padded. */
function projectionsOf(weights: SelfAttentionWeights, numHeads: number, numKeyValueHeads: number) {
  if ('queryKeyValue' in weights) {
    const { kernel, bias } = weights.queryKeyValue;
    return { query: kernel, queryBias: bias };
  }
  const { query, key, value } = weights;
  const [width, keyWidth, valueWidth] = [query, key, value].map(({ kernel }) => kernel.shape[1]!);
  const headDim = width! / numHeads;
  if (keyWidth !== numKeyValueHeads * headDim || valueWidth !== keyWidth) return undefined;
  return {
    ...{ query: query.kernel, queryBias: query.bias },
    ...{ key: key.kernel, keyBias: key.bias },
    ...{ value: value.kernel, valueBias: value.bias },
  };
}

function tensorsOf(norm: NormWeights) {
  return 'beta' in norm ? { gamma: norm.gamma, beta: norm.beta } : { gamma: norm.gamma };
}
