import * as tf from '@tensorflow/tfjs-core';
import { type Compute, overrideKernel } from '../kernelDefinition.ts';

type Bincount = Compute<{ x: tf.TensorInfo; weights: tf.TensorInfo }, { size: number }>;

/** tfjs's Bincount; its own gives x of two axes and more a result of the wrong shape. */
export const bincountKernel = overrideKernel(
  tf.Bincount,
  (stock: Bincount): Bincount =>
    ({ inputs, attrs, backend }) => {
      const flat = { ...inputs.x, shape: [tf.util.sizeFromShape(inputs.x.shape)] };
      return stock({ inputs: { ...inputs, x: flat }, attrs, backend });
    },
);
