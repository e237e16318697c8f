import * as tf from '@tensorflow/tfjs-core';
import type { AnyformerBackend } from '../engine/backend.ts';
import { multiply, multiplyBatch } from './gemm.ts';
import { type Compute, overrideKernel } from './kernelDefinition.ts';
import { type MatrixShapes, matrixShapes, operandIndices } from './matrixShapes.ts';

type BatchMatMul = Compute<
  { a: tf.TensorInfo; b: tf.TensorInfo },
  { transposeA: boolean; transposeB: boolean }
>;

/** What is done to a product while it is in the cache, where it can be. */
export interface Epilogue {
  readonly bias?: tf.TensorInfo | undefined;
  readonly activation?: number;
}

/** tfjs's BatchMatMul, which is 10 to 20 times slower where an operand is transposed or batched. */
export const batchMatMulKernel = overrideKernel(
  tf.BatchMatMul,
  (stock: BatchMatMul): BatchMatMul =>
    (call) => {
      const { inputs, attrs, backend } = call;
      const { a, b } = inputs;
      const { transposeA, transposeB } = attrs;
      if (a.dtype === 'string' || a.dtype === 'complex64' || a.dtype !== b.dtype)
        return stock(call);
      const shapes = matrixShapes(a, b, transposeA, transposeB);
      return matMul(backend, a, b, transposeA, transposeB, shapes);
    },
);

/** Whether one product of two matrices is all there is: the rows of all batches are one matrix. */
export function isOneProduct(a: tf.TensorInfo, transposeA: boolean, shapes: MatrixShapes): boolean {
  const { batchShape, batchA, batchB } = shapes;
  if (a.dtype !== 'float32') return false;
  const isAlone = tf.util.sizeFromShape(batchShape) === 1;
  const isSharedB = tf.util.sizeFromShape(batchB) === 1;
  return isAlone || (!transposeA && isSharedB && tf.util.arraysEqual(batchA, batchShape));
}

/** The product as a new tensor; the epilogue is for {@link isOneProduct} only. */
export function matMul(
  backend: AnyformerBackend,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
  shapes: MatrixShapes,
  { bias, activation = 0 }: Epilogue = {},
): tf.TensorInfo {
  const { M, N, K, batchShape } = shapes;
  const out = backend.output([...batchShape, M, N], a.dtype);
  if (a.dtype !== 'float32') {
    multiplyElements(backend, a, b, out, transposeA, transposeB, shapes);
    return out;
  }
  const at = (tensor: tf.TensorInfo) => backend.pointer(tensor);
  const product = { a: at(a), b: at(b), c: at(out), M, N, K, transposeA, transposeB };
  if (isOneProduct(a, transposeA, shapes)) {
    const rows = M * tf.util.sizeFromShape(batchShape);
    const whole = { ...product, M: rows, bias: bias ? at(bias) : 0, activation };
    multiply(backend, whole, b.dataId);
    return out;
  }
  for (const run of runs(shapes)) {
    multiplyBatch(backend, {
      ...product,
      a: product.a + 4 * run.firstA * M * K,
      b: product.b + 4 * run.firstB * K * N,
      c: product.c + 4 * run.first * M * N,
      batch: run.batch,
      stepA: run.stepA * M * K,
      stepB: run.stepB * K * N,
    });
  }
  return out;
}

interface Run {
  readonly first: number;
  readonly firstA: number;
  readonly firstB: number;
  readonly batch: number;
  readonly stepA: number;
  readonly stepB: number;
}

/** Splits the batch where a step from one matrix to the next is not the same for all of it. */
function runs({ batchShape, batchA, batchB }: MatrixShapes): Run[] {
  const batch = tf.util.sizeFromShape(batchShape);
  const step = (operand: number[]) => {
    if (tf.util.sizeFromShape(operand) === 1) return 0;
    return tf.util.arraysEqual(operand, batchShape) ? 1 : undefined;
  };
  const stepA = step(batchA);
  const stepB = step(batchB);
  if (stepA !== undefined && stepB !== undefined) {
    return [{ first: 0, firstA: 0, firstB: 0, batch, stepA, stepB }];
  }
  const indicesA = operandIndices(batchShape, batchA);
  const indicesB = operandIndices(batchShape, batchB);
  return indicesA.map((firstA, first) => {
    return { first, firstA, firstB: indicesB[first]!, batch: 1, stepA: 0, stepB: 0 };
  });
}

/** The product of integers, which tfjs has on its other backends only. Not fast, only right. */
function multiplyElements(
  backend: AnyformerBackend,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  out: tf.TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
  { M, N, K, batchShape, batchA, batchB }: MatrixShapes,
): void {
  const left = backend.typedArrayFromHeap(a);
  const right = backend.typedArrayFromHeap(b);
  const result = backend.typedArrayFromHeap(out);
  const [rowStepA, innerStepA] = transposeA ? [1, M] : [K, 1];
  const [innerStepB, columnStepB] = transposeB ? [1, K] : [N, 1];
  const indicesB = operandIndices(batchShape, batchB);
  operandIndices(batchShape, batchA).forEach((indexA, batch) => {
    const firstA = indexA * M * K;
    const firstB = indicesB[batch]! * K * N;
    for (let m = 0; m < M; m++) {
      for (let n = 0; n < N; n++) {
        let sum = 0;
        for (let k = 0; k < K; k++) {
          const x = left[firstA + m * rowStepA + k * innerStepA]!;
          sum += x * right[firstB + k * innerStepB + n * columnStepB]!;
        }
        result[(batch * M + m) * N + n] = sum;
      }
    }
  });
}
