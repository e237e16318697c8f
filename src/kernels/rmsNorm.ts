import * as tf from '@tensorflow/tfjs-core';
import { chunkCount } from './columnSums.ts';
import { type Compute, canRun, newKernel, runKernel } from './kernelDefinition.ts';
import { runRange } from './run.ts';
import { runNorm } from './runNorm.ts';
import { requireRank, requireShape, rowsOf } from './shapes.ts';

const RMS_NORM = 'RmsNorm';
const RMS_NORM_GRAD = 'RmsNormGrad';

/**
 * Root-mean-square normalization: y = x / sqrt(mean(x^2) + epsilon) gamma, over the last axis.
 *
 * @param x (..., D)
 * @param gamma (D)
 * @param epsilon added to the mean square.
 * @returns (..., D)
 * @throws AnyformerError `INVALID_ARGUMENT` when gamma does not fit x.
 *
 * @example
 * rmsNorm(tf.tensor2d([[3, 4]]), tf.ones([2]), 1e-6);
 *
 * Source: Zhang and Sennrich, "Root Mean Square Layer Normalization" (2019); as `LlamaRMSNorm`.
 */
export function rmsNorm<T extends tf.Tensor>(x: T, gamma: tf.Tensor1D, epsilon: number): T {
  requireRank('rmsNorm', 'x', x, 1);
  requireShape('rmsNorm', 'gamma', gamma, [rowsOf(x).columns]);
  if (!canRun(RMS_NORM, x, gamma)) return rmsNormComposed(x, gamma, epsilon);
  const [y, inverses] = runKernel<tf.Tensor[]>(RMS_NORM, { x, gamma }, { epsilon });
  inverses!.dispose();
  return y as T;
}

/** The same from operations of tfjs: for backends without our kernel, and to check it against. */
export function rmsNormComposed<T extends tf.Tensor>(x: T, gamma: tf.Tensor1D, epsilon: number): T {
  return tf.tidy(() => {
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), epsilon));
    return tf.mul(tf.mul(x, inverse), gamma) as T;
  });
}

type Forward = Compute<{ x: tf.TensorInfo; gamma: tf.TensorInfo }, { epsilon: number }>;

const forward: Forward = ({ inputs, attrs, backend }) => {
  const { x, gamma } = inputs;
  const { rows } = rowsOf(x);
  const y = backend.output(x.shape, 'float32');
  // 1 / sqrt(mean square + epsilon) of each row, for the gradient.
  const inverses = backend.output([rows], 'float32');
  const at = (tensor: tf.TensorInfo) => backend.pointer(tensor);
  const { epsilon } = attrs;
  runNorm(backend, rows, { gamma, epsilon }, { x: at(x), y: at(y), stats: at(inverses) });
  return [y, inverses];
};

type Backward = Compute<
  { x: tf.TensorInfo; gamma: tf.TensorInfo; inverses: tf.TensorInfo; dy: tf.TensorInfo },
  object
>;

const backward: Backward = ({ inputs, backend }) => {
  const { x, gamma, inverses, dy } = inputs;
  const { rows, columns } = rowsOf(x);
  const dx = backend.output(x.shape, 'float32');
  const dgamma = backend.output([columns], 'float32');
  const bytes = backend.native.f32_rmsNormGradPartialBytes!(rows, columns) >>> 0;
  const partials = backend.heap.scratch(bytes);
  const at = (tensor: tf.TensorInfo) => backend.pointer(tensor);
  const chunks = chunkCount(backend, rows);
  runRange(
    backend,
    'f32_rmsNormGrad',
    [at(x), at(dy), 0, at(gamma), at(inverses), at(dx), partials, rows, columns],
    chunks,
    { unitWork: (columns * rows) / chunks },
  );
  runRange(backend, 'f32_sumPartials', [partials, chunks, columns, at(dgamma)], columns);
  return [dx, dgamma];
};

export const rmsNormKernels = [
  newKernel(RMS_NORM, forward, {
    inputsToSave: ['x', 'gamma'],
    outputsToSave: [false, true],
    gradFunc: (dys, saved) => {
      const [x, gamma, inverses] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      const dy = (dys as tf.Tensor[])[0]!;
      const [dx, dgamma] = runKernel<tf.Tensor[]>(RMS_NORM_GRAD, { x, gamma, inverses, dy });
      return { x: () => dx!, gamma: () => dgamma! };
    },
  }),
  newKernel(RMS_NORM_GRAD, backward),
];
