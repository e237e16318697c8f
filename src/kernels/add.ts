import * as tf from '@tensorflow/tfjs-core';
import { type Compute, overrideKernel } from './kernelDefinition.ts';
import { runRange } from './run.ts';

type AddCall = Compute<{ a: tf.TensorInfo; b: tf.TensorInfo }, object>;

/** tfjs's Add of floats of one shape, a residual connection or two gradients of one tensor: shared out. */
export const addKernel = overrideKernel(
  tf.Add,
  (stock: AddCall): AddCall =>
    (call) => {
      const { inputs, backend } = call;
      const { a, b } = inputs;
      const isPlain = a.dtype === 'float32' && b.dtype === 'float32';
      if (!isPlain || !tf.util.arraysEqual(a.shape, b.shape)) return stock(call);
      const y = backend.output(a.shape, 'float32');
      const addresses = [a, b, y].map((tensor) => backend.pointer(tensor));
      runRange(backend, 'f32_add', addresses, tf.util.sizeFromShape(a.shape));
      return y;
    },
);
