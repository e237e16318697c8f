import * as tf from '@tensorflow/tfjs-core';
import { AnyformerError } from '../core/errors.ts';
import { type Compute, canRun, newKernel, runKernel } from './kernelDefinition.ts';
import { runRange } from './run.ts';
import { requireShape } from './shapes.ts';

const SOFTMAX_CROSS_ENTROPY = 'SoftmaxCrossEntropy';
const SOFTMAX_CROSS_ENTROPY_GRAD = 'SoftmaxCrossEntropyGrad';

export interface SoftmaxCrossEntropyOptions {
  /** Moves each target towards the even distribution: t (1 - s) + s / C. Default: 0. */
  readonly labelSmoothing?: number;
  /** (N): a factor for each row, as made from class weights. */
  readonly weights?: tf.Tensor1D | undefined;
  /** The label of rows that do not count: their loss and gradient are 0. Default: -100. */
  readonly ignoreIndex?: number;
}

interface Settings extends tf.NamedAttrMap {
  readonly labelSmoothing: number;
  readonly ignoreIndex: number;
}

/**
 * Softmax cross-entropy of logits: loss[n] = weights[n] sum_c t[n, c] (log sum_i e^z[n, i] - z[n, c]).
 *
 * @param logits (N, C)
 * @param labels (N) int32 class numbers, or (N, C) float32 distributions
 * @returns (N) losses, not averaged; divide by the sum of the weights that counted.
 * @throws AnyformerError `INVALID_ARGUMENT` for shapes that do not fit, and for a label that is
 * neither a class nor `ignoreIndex`.
 *
 * @example
 * softmaxCrossEntropy(tf.tensor2d([[2, 1]]), tf.tensor1d([0], 'int32'));
 *
 * Source: `torch.nn.functional.cross_entropy` with reduction 'none'.
 */
export function softmaxCrossEntropy(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D | tf.Tensor2D,
  options: SoftmaxCrossEntropyOptions = {},
): tf.Tensor1D {
  const { labelSmoothing = 0, weights, ignoreIndex = -100 } = options;
  requireShape('softmaxCrossEntropy', 'logits', logits, [-1, -1]);
  const [N, C] = logits.shape;
  const isDense = labels.rank === 2;
  requireShape('softmaxCrossEntropy', 'labels', labels, isDense ? [N, C] : [N]);
  if (weights) requireShape('softmaxCrossEntropy', 'weights', weights, [N]);
  const settings: Settings = { labelSmoothing, ignoreIndex };
  return tf.tidy(() => {
    const targets = tf.cast(labels, isDense ? 'float32' : 'int32');
    if (!canRun(SOFTMAX_CROSS_ENTROPY, logits, weights)) {
      return softmaxCrossEntropyComposed(logits, targets, weights, settings);
    }
    const inputs = weights ? [logits, targets, weights] : [logits, targets];
    return runKernel<tf.Tensor1D>(SOFTMAX_CROSS_ENTROPY, inputs, settings);
  });
}

/** The same from operations of tfjs: for backends without our kernel, and to check it against. */
export function softmaxCrossEntropyComposed(
  logits: tf.Tensor2D,
  labels: tf.Tensor,
  weights: tf.Tensor1D | undefined,
  { labelSmoothing, ignoreIndex }: { labelSmoothing: number; ignoreIndex: number },
): tf.Tensor1D {
  return tf.tidy(() => {
    const C = logits.shape[1];
    let targets = labels;
    let factors = weights;
    if (labels.rank === 1) {
      const values = labels.dataSync();
      const bad = values.findIndex((label) => label !== ignoreIndex && (label < 0 || label >= C));
      if (bad >= 0) throw labelOutOfRange(values[bad]!, bad, C, ignoreIndex);
      const counts = tf.cast(tf.notEqual(labels, ignoreIndex), 'float32');
      // An ignored label is no class: its one-hot row is of zeros, and so is its factor.
      const classes = tf.range(0, C, 1, 'int32');
      targets = tf.cast(tf.equal(tf.expandDims(labels, 1), classes), 'float32'); // (N, C)
      factors = (weights ? tf.mul(weights, counts) : counts) as tf.Tensor1D;
    }
    const smoothed = tf.add(tf.mul(targets, 1 - labelSmoothing), labelSmoothing / C);
    const losses = tf.neg(tf.sum(tf.mul(smoothed, tf.logSoftmax(logits)), 1)) as tf.Tensor1D;
    return factors ? tf.mul(losses, factors) : losses;
  });
}

function labelOutOfRange(label: number, row: number, C: number, ignoreIndex: number) {
  return new AnyformerError(
    'INVALID_ARGUMENT',
    `softmaxCrossEntropy: the label ${label} of row ${row} is none of the ${C} classes; labels go ` +
      `from 0 to ${C - 1}, and ${ignoreIndex} marks a row that does not count.`,
  );
}

type Inputs = readonly [logits: tf.TensorInfo, labels: tf.TensorInfo, weights?: tf.TensorInfo];

const forward: Compute<Inputs, Settings> = ({ inputs, attrs, backend }) => {
  const [logits, labels, weights] = inputs;
  const [N, C] = logits.shape as [number, number];
  const losses = backend.output([N], 'float32');
  const at = (tensor: tf.TensorInfo) => backend.pointer(tensor);
  const factors = weights ? at(weights) : 0;
  const common = [at(logits), at(labels), factors, at(losses), 0, C];
  if (labels.dtype === 'float32') {
    const parameters = [...common, attrs.labelSmoothing, 1];
    runRange(backend, 'f32_softmaxCrossEntropyDense', parameters, N, { unitWork: 2 * C });
    return losses;
  }
  const parameters = [...common, attrs.ignoreIndex, attrs.labelSmoothing, 1];
  const bad = runRange(backend, 'f32_softmaxCrossEntropy', parameters, N, { unitWork: 2 * C });
  if (bad < 0) return losses;
  backend.disposeData(losses.dataId);
  throw labelOutOfRange(backend.typedArrayFromHeap(labels)[bad]!, bad, C, attrs.ignoreIndex);
};

/** The gradient to the logits; `factors` is what each row's is multiplied with. */
const backward: Compute<
  { logits: tf.TensorInfo; labels: tf.TensorInfo; factors: tf.TensorInfo },
  Settings
> = ({ inputs, attrs, backend }) => {
  const { logits, labels, factors } = inputs;
  const [N, C] = logits.shape as [number, number];
  const dx = backend.output([N, C], 'float32');
  // The kernel computes the losses on its way; they are not wanted again.
  const losses = backend.heap.scratch(4 * N);
  const at = (tensor: tf.TensorInfo) => backend.pointer(tensor);
  const common = [at(logits), at(labels), at(factors), losses, at(dx), C];
  if (labels.dtype === 'float32') {
    const parameters = [...common, attrs.labelSmoothing, 1];
    runRange(backend, 'f32_softmaxCrossEntropyDense', parameters, N, { unitWork: 2 * C });
  } else {
    const parameters = [...common, attrs.ignoreIndex, attrs.labelSmoothing, 1];
    runRange(backend, 'f32_softmaxCrossEntropy', parameters, N, { unitWork: 2 * C });
  }
  return dx;
};

export const softmaxCrossEntropyKernels = [
  newKernel(SOFTMAX_CROSS_ENTROPY, forward, {
    saveAllInputs: true,
    gradFunc: (gradient, saved, attrs) => {
      const [logits, labels, weights] = saved as [tf.Tensor2D, tf.Tensor1D, tf.Tensor1D?];
      const dy = gradient as tf.Tensor1D;
      const settings = attrs as Settings;
      const factors = () => (weights ? tf.mul(dy, weights) : dy);
      return {
        0: () =>
          runKernel<tf.Tensor>(
            SOFTMAX_CROSS_ENTROPY_GRAD,
            { logits, labels, factors: factors() },
            settings,
          ),
        1: () => {
          if (labels.dtype !== 'float32') return tf.zeros(labels.shape);
          const factor = tf.mul(tf.reshape(factors(), [-1, 1]), settings.labelSmoothing - 1);
          return tf.mul(tf.logSoftmax(logits), factor);
        },
        2: () => tf.mul(dy, softmaxCrossEntropy(logits, labels, settings)),
      };
    },
  }),
  newKernel(SOFTMAX_CROSS_ENTROPY_GRAD, backward),
];
