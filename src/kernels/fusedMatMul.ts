import * as tf from '@tensorflow/tfjs-core';
import type { AnyformerBackend } from '../engine/backend.ts';
import { activations } from './activationName.ts';
import { isOneProduct, matMul } from './batchMatMul.ts';
import { type Compute, overrideKernel, runStockKernel } from './kernelDefinition.ts';
import { matrixShapes } from './matrixShapes.ts';

type FusedMatMul = Compute<
  {
    a: tf.TensorInfo;
    b: tf.TensorInfo;
    bias?: tf.TensorInfo;
    preluActivationWeights?: tf.TensorInfo;
  },
  {
    transposeA: boolean;
    transposeB: boolean;
    activation: tf.fused.Activation;
    leakyreluAlpha?: number;
  }
>;

/** tfjs's kernels for the activations that a product may end with. */
const activationKernels: Readonly<Record<string, string>> = {
  relu: tf.Relu,
  relu6: tf.Relu6,
  elu: tf.Elu,
  sigmoid: tf.Sigmoid,
  prelu: tf.Prelu,
  leakyrelu: tf.LeakyRelu,
};

/** tfjs's _FusedMatMul, behind its dense layer: bias and activation are applied in the cache. */
export const fusedMatMulKernel = overrideKernel(
  tf._FusedMatMul,
  (stock: FusedMatMul): FusedMatMul =>
    (call) => {
      const { inputs, attrs, backend } = call;
      const { a, b, bias, preluActivationWeights } = inputs;
      const { transposeA, transposeB, activation, leakyreluAlpha } = attrs;
      const isKnown = activation === 'linear' || Object.hasOwn(activationKernels, activation);
      if (!isKnown || a.dtype === 'string' || a.dtype === 'complex64' || a.dtype !== b.dtype) {
        return stock(call);
      }
      const shapes = matrixShapes(a, b, transposeA, transposeB);
      const code = (activations as Readonly<Record<string, { code: number }>>)[activation]?.code;
      const isRow = bias === undefined || isOneRow(bias, shapes.N);
      if (code !== undefined && isRow && isOneProduct(a, transposeA, shapes)) {
        return matMul(backend, a, b, transposeA, transposeB, shapes, { bias, activation: code });
      }
      let y = matMul(backend, a, b, transposeA, transposeB, shapes);
      if (bias) y = replace(backend, y, tf.Add, { a: y, b: bias });
      if (activation === 'linear') return y;
      const kernel = activationKernels[activation]!;
      return activation === 'prelu'
        ? replace(backend, y, kernel, { x: y, alpha: preluActivationWeights })
        : replace(backend, y, kernel, { x: y }, { alpha: leakyreluAlpha ?? 0 });
    },
);

/** Whether a bias is one number a column, whatever its axes of size 1. */
function isOneRow(bias: tf.TensorInfo, columns: number): boolean {
  const size = tf.util.sizeFromShape(bias.shape);
  return bias.dtype === 'float32' && size === columns && bias.shape.at(-1) === columns;
}

/** Runs a kernel of tfjs on an intermediate result and frees that. */
function replace(
  backend: AnyformerBackend,
  intermediate: tf.TensorInfo,
  kernelName: string,
  inputs: tf.NamedTensorInfoMap,
  attrs?: tf.NamedAttrMap,
): tf.TensorInfo {
  const result = runStockKernel(kernelName, inputs, backend, attrs);
  backend.disposeData(intermediate.dataId);
  return result;
}
