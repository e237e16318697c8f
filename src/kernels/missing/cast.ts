import * as tf from '@tensorflow/tfjs-core';
import { type Compute, overrideKernel } from '../kernelDefinition.ts';

type Cast = Compute<{ x: tf.TensorInfo }, { dtype: tf.DataType }>;

/** tfjs's Cast, to bool and from and to complex64 as well; the same type shares its memory. */
export const castKernel = overrideKernel(
  tf.Cast,
  (stock: Cast): Cast =>
    (call) => {
      const { inputs, attrs, backend } = call;
      const { x } = inputs;
      const { dtype } = attrs;
      if (x.dtype === dtype) return backend.share(x);
      const isComplex = x.dtype === 'complex64' || dtype === 'complex64';
      if (dtype !== 'bool' && !isComplex) return stock(call);
      const y = backend.output(x.shape, dtype);
      const from = backend.typedArrayFromHeap(x);
      const to = backend.typedArrayFromHeap(y);
      const step = x.dtype === 'complex64' ? 2 : 1;
      if (dtype === 'complex64') {
        to.fill(0);
        for (let i = 0; i < from.length; i++) to[2 * i] = from[i]!;
      } else if (dtype === 'bool') {
        for (let i = 0; i < to.length; i++) to[i] = from[step * i] === 0 ? 0 : 1;
      } else {
        for (let i = 0; i < to.length; i++) to[i] = from[step * i]!;
      }
      return y;
    },
);
