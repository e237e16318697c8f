import * as tf from '@tensorflow/tfjs-core';
import type { AnyformerBackend } from '../../engine/backend.ts';
import { type Compute, type KernelDefinition, overrideKernel } from '../kernelDefinition.ts';
import { broadcastIndices } from './broadcastIndices.ts';

type Binary = Compute<{ a: tf.TensorInfo; b: tf.TensorInfo }, object>;

/** Writes (a + bi) op (c + di) to y[at], y[at + 1]. */
type Write = (y: tf.TypedArray, at: number, a: number, b: number, c: number, d: number) => void;

/** tfjs's operation, on complex tensors too. */
function arithmetic(kernelName: string, write: Write): KernelDefinition {
  return overrideKernel(
    kernelName,
    (stock: Binary): Binary =>
      (call) => {
        const { inputs, backend } = call;
        if (inputs.a.dtype !== 'complex64') return stock(call);
        return pairwise(backend, inputs.a, inputs.b, write);
      },
  );
}

function pairwise(
  backend: AnyformerBackend,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  write: Write,
): tf.TensorInfo {
  const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const y = backend.output(shape, 'complex64');
  const left = backend.typedArrayFromHeap(a);
  const right = backend.typedArrayFromHeap(b);
  const pairs = backend.typedArrayFromHeap(y);
  const indicesB = broadcastIndices(b.shape, shape);
  broadcastIndices(a.shape, shape).forEach((i, at) => {
    const j = indicesB[at]!;
    write(pairs, 2 * at, left[2 * i]!, left[2 * i + 1]!, right[2 * j]!, right[2 * j + 1]!);
  });
  return y;
}

export const complexArithmeticKernels = [
  arithmetic(tf.Add, (y, at, a, b, c, d) => {
    y[at] = a + c;
    y[at + 1] = b + d;
  }),
  arithmetic(tf.Sub, (y, at, a, b, c, d) => {
    y[at] = a - c;
    y[at + 1] = b - d;
  }),
  arithmetic(tf.Multiply, (y, at, a, b, c, d) => {
    y[at] = a * c - b * d;
    y[at + 1] = a * d + b * c;
  }),
];
