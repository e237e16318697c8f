import * as tf from '@tensorflow/tfjs-core';
import { type Compute, newKernel, overrideKernel } from '../kernelDefinition.ts';

// complex64 on the heap: the real and the imaginary part of each element side by side.

type Parts = Compute<{ real: tf.TensorInfo; imag: tf.TensorInfo }, object>;
type Part = Compute<{ input: tf.TensorInfo }, object>;
type Unary = Compute<{ x: tf.TensorInfo }, object>;

const fromParts: Parts = ({ inputs, backend }) => {
  const y = backend.output(inputs.real.shape, 'complex64');
  const real = backend.typedArrayFromHeap(inputs.real);
  const imaginary = backend.typedArrayFromHeap(inputs.imag);
  const pairs = backend.typedArrayFromHeap(y);
  for (let i = 0; i < real.length; i++) {
    pairs[2 * i] = real[i]!;
    pairs[2 * i + 1] = imaginary[i]!;
  }
  return y;
};

const part =
  (offset: 0 | 1): Part =>
  ({ inputs, backend }) => {
    const y = backend.output(inputs.input.shape, 'float32');
    const pairs = backend.typedArrayFromHeap(inputs.input);
    const values = backend.typedArrayFromHeap(y);
    for (let i = 0; i < values.length; i++) values[i] = pairs[2 * i + offset]!;
    return y;
  };

const magnitude: Unary = ({ inputs, backend }) => {
  const y = backend.output(inputs.x.shape, 'float32');
  const pairs = backend.typedArrayFromHeap(inputs.x);
  const values = backend.typedArrayFromHeap(y);
  for (let i = 0; i < values.length; i++) {
    values[i] = Math.hypot(pairs[2 * i]!, pairs[2 * i + 1]!);
  }
  return y;
};

const onesLike = overrideKernel(
  tf.OnesLike,
  (stock: Unary): Unary =>
    (call) => {
      const y = stock(call) as tf.TensorInfo;
      if (y.dtype !== 'complex64') return y;
      const pairs = call.backend.typedArrayFromHeap(y);
      for (let i = 1; i < pairs.length; i += 2) pairs[i] = 0;
      return y;
    },
);

type Concat = Compute<tf.TensorInfo[], { axis: number }>;

/** tfjs's Concat, where a complex tensor is one of float32 with an axis of 2 more. */
const concat = overrideKernel(
  tf.Concat,
  (stock: Concat): Concat =>
    (call) => {
      const { inputs, attrs, backend } = call;
      const first = inputs[0]!;
      if (first.dtype !== 'complex64') return stock(call);
      const [axis] = tf.util.parseAxisParam(attrs.axis, first.shape);
      const y = stock({
        inputs: inputs.map(({ dataId, shape }) => ({
          dataId,
          shape: [...shape, 2],
          dtype: 'float32',
        })),
        attrs: { axis: axis! },
        backend,
      }) as tf.TensorInfo;
      const shape = y.shape.slice(0, -1);
      Object.assign(backend.dataIdMap.get(y.dataId), { shape, dtype: 'complex64' });
      return { dataId: y.dataId, shape, dtype: 'complex64' };
    },
);

/** What makes a complex tensor, takes it apart and puts several together. */
export const complexKernels = [
  newKernel(tf.Complex, fromParts),
  newKernel(tf.Real, part(0)),
  newKernel(tf.Imag, part(1)),
  newKernel(tf.ComplexAbs, magnitude),
  onesLike,
  concat,
];
