import * as tf from '@tensorflow/tfjs-core';
import { type Compute, overrideKernel } from '../kernelDefinition.ts';

type Slice = Compute<{ x: tf.TensorInfo }, { begin: number | number[]; size: number | number[] }>;

/** tfjs's Slice; its own reads past the end when asked to. */
export const sliceKernel = overrideKernel(
  tf.Slice,
  (stock: Slice): Slice =>
    (call) => {
      const x = call.inputs.x as tf.Tensor;
      const [begin, size] = tf.slice_util.parseSliceParams(x, call.attrs.begin, call.attrs.size);
      tf.slice_util.assertParamsValid(x, begin!, size!);
      return stock(call);
    },
);
