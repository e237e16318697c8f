import type * as tf from '@tensorflow/tfjs-core';
import { type ActivationName, activations } from './activationName.ts';
import { type Compute, canRun, isRecording, newKernel, runKernel } from './kernelDefinition.ts';
import { runLinear } from './runLinear.ts';
import { runSublayer, type SublayerEnd, type SublayerSettings } from './runSublayer.ts';
import { rowsOf, shapeChecks } from './shapes.ts';

const FEED_FORWARD_SUBLAYER = 'FeedForwardSublayer';

/** The tensors of a feed-forward part, with its residual connection and its norm. */
export interface FeedForwardSublayerTensors<Tensor = tf.Tensor> extends SublayerEnd<Tensor> {
  /** (..., D) */
  readonly x: Tensor;
  /** (D, F) */
  readonly intermediate: Tensor;
  readonly intermediateBias?: Tensor | undefined;
}

export type FeedForwardSublayerSettings = SublayerSettings & {
  readonly activation: ActivationName;
};

/**
 * x + mlp(norm(x)), or norm(x + mlp(x)), with mlp(x) = activation(x W1 + b1) W2 + b2, in one call and
 * with no tensor between its parts, to the bits of `linear`, `add`, and `layerNorm` or `rmsNorm`. For
 * prediction: it has no gradient.
 *
 * @returns (..., D), or undefined where those have to be used: while a gradient is recorded, and on
 *   backends without our kernels.
 * @throws AnyformerError `INVALID_ARGUMENT` for shapes that do not fit; `OUT_OF_MEMORY`.
 *
 * Source: Vaswani et al., "Attention Is All You Need" (2017), section 3.3; Xiong et al. (2020) for the
 * norm before.
 */
export function feedForwardSublayer<T extends tf.Tensor>(
  tensors: FeedForwardSublayerTensors,
  settings: FeedForwardSublayerSettings,
): T | undefined {
  if (isRecording() || !canRun(FEED_FORWARD_SUBLAYER, ...Object.values(tensors))) return undefined;
  const { x, intermediate } = tensors;
  const [D, F] = [rowsOf(x).columns, intermediate.shape[1]!];
  const check = shapeChecks('feedForwardSublayer', tensors);
  check('intermediate', [D, -1]);
  check('intermediateBias', [F]);
  check('output', [F, D]);
  for (const name of ['outputBias', 'gamma', 'beta'] as const) check(name, [D]);
  const inputs = tensors as unknown as Record<string, tf.Tensor>;
  return runKernel<T>(FEED_FORWARD_SUBLAYER, inputs, settings);
}

type Forward = Compute<FeedForwardSublayerTensors<tf.TensorInfo>, FeedForwardSublayerSettings>;

const forward: Forward = ({ inputs, attrs, backend }) => {
  const { x, intermediate, intermediateBias, output, outputBias, gamma, beta } = inputs;
  const { epsilon, normalizeFirst } = attrs;
  const { rows } = rowsOf(x);
  const activation = activations[attrs.activation].code;
  const first = { kernel: intermediate, bias: intermediateBias, activation };
  return runSublayer(backend, {
    ...{ x, norm: { gamma, beta, epsilon }, normalizeFirst },
    places: [rows * intermediate.shape[1]!],
    inner: (from, change, [hidden]) => {
      runLinear(backend, rows, first, { x: from, y: hidden! });
      const second = { kernel: output, bias: outputBias };
      runLinear(backend, rows, second, { x: hidden!, y: change });
    },
  });
};

export const feedForwardSublayerKernel = newKernel(FEED_FORWARD_SUBLAYER, forward);
