import * as tf from '@tensorflow/tfjs-core';
import { type Compute, canRun, isRecording, newKernel, runKernel } from './kernelDefinition.ts';
import { runRange } from './run.ts';
import { requireShape } from './shapes.ts';

const MASKED_MEAN = 'MaskedMean';
const MASKED_MEAN_GRAD = 'MaskedMeanGrad';

/**
 * The mean over time of what is not masked: y[b, d] = sum_t mask[b, t] x[b, t, d] / sum_t mask[b, t];
 * zeros where all of a row is masked.
 *
 * @param x (B, T, D)
 * @param mask (B, T), nonzero = counts. Without it everything counts.
 * @returns (B, D)
 * @throws AnyformerError `INVALID_ARGUMENT` when the mask does not fit x.
 *
 * @example
 * maskedMean(tf.ones([1, 2, 3]), tf.tensor2d([[1, 0]]));
 *
 * Source: the mean pooling of sentence-transformers.
 */
export function maskedMean(x: tf.Tensor3D, mask?: tf.Tensor2D): tf.Tensor2D {
  requireShape('maskedMean', 'x', x, [-1, -1, -1]);
  const [B, T] = x.shape;
  if (mask) requireShape('maskedMean', 'mask', mask, [B, T]);
  const hasKernel = canRun(MASKED_MEAN, x);
  // Without a mask there is nothing to read; but the gradient is shaped after it.
  if (hasKernel && !mask && !isRecording()) return runKernel<tf.Tensor2D>(MASKED_MEAN, { x });
  return tf.tidy(() => {
    const counts = mask ?? tf.ones<tf.Rank.R2>([B, T], 'bool');
    if (!hasKernel) return maskedMeanComposed(x, counts);
    return runKernel<tf.Tensor2D>(MASKED_MEAN, { x, mask: counts });
  });
}

/** The same from operations of tfjs: for backends without our kernel, and to check it against. */
export function maskedMeanComposed(x: tf.Tensor3D, mask: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const counts = tf.cast(countedPlaces(mask), 'float32'); // (B, T, 1)
    const number = tf.maximum(tf.sum(counts, 1), 1); // (B, 1)
    return tf.div(tf.sum(tf.mul(x, counts), 1), number) as tf.Tensor2D;
  });
}

/** (B, T) -> (B, T, 1) bool: whether a place counts. */
export function countedPlaces(mask: tf.Tensor2D): tf.Tensor3D {
  const [B, T] = mask.shape;
  return tf.reshape(tf.notEqual(mask, tf.zerosLike(mask)), [B, T, 1]);
}

const forward: Compute<{ x: tf.TensorInfo; mask?: tf.TensorInfo }, object> = ({
  inputs,
  backend,
}) => {
  const { x, mask } = inputs;
  const [B, T, D] = x.shape as [number, number, number];
  const y = backend.output([B, D], 'float32');
  const at = (tensor: tf.TensorInfo) => backend.pointer(tensor);
  const maskAt = mask ? [at(mask), tf.util.bytesPerElement(mask.dtype)] : [0, 1];
  runRange(backend, 'f32_maskedMean', [at(x), ...maskAt, at(y), T, D], B);
  return y;
};

const backward: Compute<{ dy: tf.TensorInfo; mask: tf.TensorInfo }, object> = ({
  inputs,
  backend,
}) => {
  const { dy, mask } = inputs;
  const [B, T] = mask.shape as [number, number];
  const D = dy.shape[1]!;
  const dx = backend.output([B, T, D], 'float32');
  const at = (tensor: tf.TensorInfo) => backend.pointer(tensor);
  const maskBytes = tf.util.bytesPerElement(mask.dtype);
  runRange(backend, 'f32_maskedMeanGrad', [at(dy), at(mask), maskBytes, at(dx), T, D], B);
  return dx;
};

export const maskedMeanKernels = [
  newKernel(MASKED_MEAN, forward, {
    inputsToSave: ['mask'],
    gradFunc: (dy, saved) => {
      const [mask] = saved as [tf.Tensor];
      return {
        x: () => runKernel<tf.Tensor>(MASKED_MEAN_GRAD, { dy: dy as tf.Tensor, mask }),
        mask: () => tf.zeros(mask.shape),
      };
    },
  }),
  newKernel(MASKED_MEAN_GRAD, backward),
];
