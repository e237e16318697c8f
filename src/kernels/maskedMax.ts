import * as tf from '@tensorflow/tfjs-core';
import { type Compute, canRun, newKernel, runKernel } from './kernelDefinition.ts';
import { countedPlaces } from './maskedMean.ts';
import { runRange } from './run.ts';
import { requireShape } from './shapes.ts';

const MASKED_MAX = 'MaskedMax';
const MASKED_MAX_GRAD = 'MaskedMaxGrad';

/**
 * The largest over time of what is not masked: y[b, d] = max of x[b, t, d] over t with mask[b, t];
 * zeros where all of a row is masked. The gradient goes to the first of equals.
 *
 * @param x (B, T, D)
 * @param mask (B, T), nonzero = counts. Without it everything counts.
 * @returns (B, D)
 * @throws AnyformerError `INVALID_ARGUMENT` when the mask does not fit x.
 *
 * @example
 * maskedMax(tf.ones([1, 2, 3]), tf.tensor2d([[1, 0]]));
 *
 * Source: the max pooling of sentence-transformers.
 */
export function maskedMax(x: tf.Tensor3D, mask?: tf.Tensor2D): tf.Tensor2D {
  requireShape('maskedMax', 'x', x, [-1, -1, -1]);
  const [B, T] = x.shape;
  if (mask) requireShape('maskedMax', 'mask', mask, [B, T]);
  return tf.tidy(() => {
    const counts = mask ?? tf.ones<tf.Rank.R2>([B, T], 'bool');
    if (!canRun(MASKED_MAX, x)) return maskedMaxComposed(x, counts);
    const [y] = runKernel<tf.Tensor[]>(MASKED_MAX, { x, mask: counts }, { T });
    return y as tf.Tensor2D;
  });
}

/** The same from operations of tfjs: for backends without our kernel, and to check it against. */
export function maskedMaxComposed(x: tf.Tensor3D, mask: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const counts = countedPlaces(mask); // (B, T, 1)
    const any = tf.any(counts, 1); // (B, 1)
    const largest = tf.max(tf.where(counts, x, -Infinity), 1); // (B, D)
    return tf.where(any, largest, 0) as tf.Tensor2D;
  });
}

const forward: Compute<{ x: tf.TensorInfo; mask: tf.TensorInfo }, object> = ({
  inputs,
  backend,
}) => {
  const { x, mask } = inputs;
  const [B, T, D] = x.shape as [number, number, number];
  const y = backend.output([B, D], 'float32');
  // The time that each number came from, for the gradient.
  const places = backend.output([B, D], 'int32');
  const at = (tensor: tf.TensorInfo) => backend.pointer(tensor);
  const maskBytes = tf.util.bytesPerElement(mask.dtype);
  runRange(backend, 'f32_maskedMax', [at(x), at(mask), maskBytes, at(y), at(places), T, D], B);
  return [y, places];
};

const backward: Compute<{ dy: tf.TensorInfo; places: tf.TensorInfo }, { T: number }> = ({
  inputs,
  attrs,
  backend,
}) => {
  const { dy, places } = inputs;
  const [B, D] = dy.shape as [number, number];
  const dx = backend.output([B, attrs.T, D], 'float32');
  const at = (tensor: tf.TensorInfo) => backend.pointer(tensor);
  runRange(backend, 'f32_maskedMaxGrad', [at(dy), at(places), at(dx), attrs.T, D], B);
  return dx;
};

export const maskedMaxKernels = [
  newKernel(MASKED_MAX, forward, {
    outputsToSave: [false, true],
    gradFunc: (dys, saved, attrs) => {
      const [places] = saved as [tf.Tensor];
      const dy = (dys as tf.Tensor[])[0]!;
      const T = attrs.T as number;
      return {
        x: () => runKernel<tf.Tensor>(MASKED_MAX_GRAD, { dy, places }, { T }),
        mask: () => tf.zeros([dy.shape[0]!, T]),
      };
    },
  }),
  newKernel(MASKED_MAX_GRAD, backward),
];
