import * as tf from '@tensorflow/tfjs-core';
import { type Compute, canRun, newKernel, runKernel } from './kernelDefinition.ts';
import { runRange } from './run.ts';
import { requireShape } from './shapes.ts';

const SIGMOID_CROSS_ENTROPY = 'SigmoidCrossEntropy';
const SIGMOID_CROSS_ENTROPY_GRAD = 'SigmoidCrossEntropyGrad';

export interface SigmoidCrossEntropyOptions {
  /** A factor for each element; any shape that broadcasts to that of the logits. */
  readonly weights?: tf.Tensor | undefined;
  /** Moves each target towards 1/2: t (1 - s) + s / 2. Default: 0. */
  readonly labelSmoothing?: number;
}

/**
 * Sigmoid cross-entropy of logits, for yes-or-no labels, stable for logits of any size:
 * loss = weight (max(x, 0) - x t + log(1 + e^-|x|)).
 *
 * @param logits any shape
 * @param labels the shape of the logits, each in [0, 1]
 * @returns the losses, the shape of the logits, not averaged
 * @throws AnyformerError `INVALID_ARGUMENT` when labels do not fit the logits.
 *
 * @example
 * sigmoidCrossEntropy(tf.tensor1d([2, -1]), tf.tensor1d([1, 0]));
 *
 * Source: `torch.nn.functional.binary_cross_entropy_with_logits` with reduction 'none'.
 */
export function sigmoidCrossEntropy<T extends tf.Tensor>(
  logits: T,
  labels: tf.Tensor,
  options: SigmoidCrossEntropyOptions = {},
): T {
  const { weights, labelSmoothing = 0 } = options;
  requireShape('sigmoidCrossEntropy', 'labels', labels, logits.shape);
  return tf.tidy(() => {
    const targets = tf.cast(labels, 'float32');
    const factors = weights && tf.broadcastTo(tf.cast(weights, 'float32'), logits.shape);
    if (!canRun(SIGMOID_CROSS_ENTROPY, logits)) {
      return sigmoidCrossEntropyComposed(logits, targets, factors, labelSmoothing);
    }
    const inputs = factors ? [logits, targets, factors] : [logits, targets];
    return runKernel<T>(SIGMOID_CROSS_ENTROPY, inputs, { labelSmoothing });
  });
}

/** The same from operations of tfjs: for backends without our kernel, and to check it against. */
export function sigmoidCrossEntropyComposed<T extends tf.Tensor>(
  logits: T,
  labels: tf.Tensor,
  weights: tf.Tensor | undefined,
  labelSmoothing: number,
): T {
  return tf.tidy(() => {
    const targets = tf.add(tf.mul(labels, 1 - labelSmoothing), labelSmoothing / 2);
    const tail = tf.log1p(tf.exp(tf.neg(tf.abs(logits))));
    const losses = tf.add(tf.sub(tf.relu(logits), tf.mul(logits, targets)), tail);
    return (weights ? tf.mul(losses, weights) : losses) as T;
  });
}

type Settings = { labelSmoothing: number };
type Inputs = readonly [logits: tf.TensorInfo, labels: tf.TensorInfo, weights?: tf.TensorInfo];

const forward: Compute<Inputs, Settings> = ({ inputs, attrs, backend }) => {
  const [logits, labels, weights] = inputs;
  const losses = backend.output(logits.shape, 'float32');
  const at = (tensor: tf.TensorInfo) => backend.pointer(tensor);
  const factors = weights ? at(weights) : 0;
  const parameters = [at(logits), at(labels), factors, at(losses), 0, attrs.labelSmoothing, 1];
  const size = tf.util.sizeFromShape(logits.shape);
  runRange(backend, 'f32_sigmoidCrossEntropy', parameters, size);
  return losses;
};

/** The gradient to the logits; `factors` is what each element's is multiplied with. */
const backward: Compute<
  { logits: tf.TensorInfo; labels: tf.TensorInfo; factors: tf.TensorInfo },
  Settings
> = ({ inputs, attrs, backend }) => {
  const { logits, labels, factors } = inputs;
  const dx = backend.output(logits.shape, 'float32');
  const at = (tensor: tf.TensorInfo) => backend.pointer(tensor);
  const parameters = [at(logits), at(labels), at(factors), 0, at(dx), attrs.labelSmoothing, 1];
  const size = tf.util.sizeFromShape(logits.shape);
  runRange(backend, 'f32_sigmoidCrossEntropy', parameters, size);
  return dx;
};

export const sigmoidCrossEntropyKernels = [
  newKernel(SIGMOID_CROSS_ENTROPY, forward, {
    saveAllInputs: true,
    gradFunc: (gradient, saved, attrs) => {
      const [logits, labels, weights] = saved as [tf.Tensor, tf.Tensor, tf.Tensor?];
      const dy = gradient as tf.Tensor;
      const settings = attrs as Settings;
      const factors = () => (weights ? tf.mul(dy, weights) : dy);
      return {
        0: () =>
          runKernel<tf.Tensor>(
            SIGMOID_CROSS_ENTROPY_GRAD,
            { logits, labels, factors: factors() },
            settings,
          ),
        1: () => tf.mul(tf.mul(logits, factors()), settings.labelSmoothing - 1),
        2: () => tf.mul(dy, sigmoidCrossEntropy(logits, labels, settings)),
      };
    },
  }),
  newKernel(SIGMOID_CROSS_ENTROPY_GRAD, backward),
];
