import * as tf from '@tensorflow/tfjs-core';
import { chunkCount } from './columnSums.ts';
import { type Compute, canRun, newKernel, runKernel } from './kernelDefinition.ts';
import { runRange } from './run.ts';
import { runNorm } from './runNorm.ts';
import { requireRank, requireShape, rowsOf } from './shapes.ts';

const LAYER_NORM = 'LayerNorm';
const LAYER_NORM_GRAD = 'LayerNormGrad';

/**
 * Layer normalization: y = (x - mean) / sqrt(variance + epsilon) gamma + beta, over the last axis.
 *
 * @param x (..., D)
 * @param gamma (D)
 * @param beta (D)
 * @param epsilon added to the variance.
 * @returns (..., D)
 * @throws AnyformerError `INVALID_ARGUMENT` when gamma or beta do not fit x.
 *
 * @example
 * layerNorm(tf.tensor2d([[1, 2, 3]]), tf.ones([3]), tf.zeros([3]), 1e-5);
 *
 * Source: Ba, Kiros and Hinton, "Layer Normalization" (2016); as `torch.nn.LayerNorm`.
 */
export function layerNorm<T extends tf.Tensor>(
  x: T,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  epsilon: number,
): T {
  requireRank('layerNorm', 'x', x, 1);
  const { columns } = rowsOf(x);
  requireShape('layerNorm', 'gamma', gamma, [columns]);
  requireShape('layerNorm', 'beta', beta, [columns]);
  if (!canRun(LAYER_NORM, x, gamma, beta)) return layerNormComposed(x, gamma, beta, epsilon);
  const [y, stats] = runKernel<tf.Tensor[]>(LAYER_NORM, { x, gamma, beta }, { epsilon });
  stats!.dispose();
  return y as T;
}

/** The same from operations of tfjs: for backends without our kernel, and to check it against. */
export function layerNormComposed<T extends tf.Tensor>(
  x: T,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  epsilon: number,
): T {
  return tf.tidy(() => {
    const centered = tf.sub(x, tf.mean(x, -1, true));
    const variance = tf.mean(tf.square(centered), -1, true);
    const hat = tf.mul(centered, tf.rsqrt(tf.add(variance, epsilon)));
    return tf.add(tf.mul(hat, gamma), beta) as T;
  });
}

type Forward = Compute<
  { x: tf.TensorInfo; gamma: tf.TensorInfo; beta: tf.TensorInfo },
  { epsilon: number }
>;

const forward: Forward = ({ inputs, attrs, backend }) => {
  const { x, gamma, beta } = inputs;
  const { rows } = rowsOf(x);
  const y = backend.output(x.shape, 'float32');
  // The mean and the inverse deviation of each row, for the gradient.
  const stats = backend.output([rows, 2], 'float32');
  const at = (tensor: tf.TensorInfo) => backend.pointer(tensor);
  const { epsilon } = attrs;
  runNorm(backend, rows, { gamma, beta, epsilon }, { x: at(x), y: at(y), stats: at(stats) });
  return [y, stats];
};

type Backward = Compute<
  { x: tf.TensorInfo; gamma: tf.TensorInfo; stats: tf.TensorInfo; dy: tf.TensorInfo },
  object
>;

const backward: Backward = ({ inputs, backend }) => {
  const { x, gamma, stats, dy } = inputs;
  const { rows, columns } = rowsOf(x);
  const dx = backend.output(x.shape, 'float32');
  const dgamma = backend.output([columns], 'float32');
  const dbeta = backend.output([columns], 'float32');
  const bytes = backend.native.f32_layerNormGradPartialBytes!(rows, columns) >>> 0;
  const partials = backend.heap.scratch(bytes);
  const at = (tensor: tf.TensorInfo) => backend.pointer(tensor);
  const chunks = chunkCount(backend, rows);
  runRange(
    backend,
    'f32_layerNormGrad',
    [at(x), at(dy), 0, at(gamma), at(stats), at(dx), partials, rows, columns],
    chunks,
    { unitWork: (columns * rows) / chunks },
  );
  const stride = 2 * columns;
  runRange(backend, 'f32_sumPartials', [partials, chunks, stride, at(dgamma)], columns);
  runRange(
    backend,
    'f32_sumPartials',
    [partials + 4 * columns, chunks, stride, at(dbeta)],
    columns,
  );
  return [dx, dgamma, dbeta];
};

export const layerNormKernels = [
  newKernel(LAYER_NORM, forward, {
    inputsToSave: ['x', 'gamma'],
    outputsToSave: [false, true],
    gradFunc: (dys, saved) => {
      const [x, gamma, stats] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      const dy = (dys as tf.Tensor[])[0]!;
      // One pass makes all three, so they are made here and not in the functions below.
      const [dx, dgamma, dbeta] = runKernel<tf.Tensor[]>(LAYER_NORM_GRAD, { x, gamma, stats, dy });
      return { x: () => dx!, gamma: () => dgamma!, beta: () => dbeta! };
    },
  }),
  newKernel(LAYER_NORM_GRAD, backward),
];
