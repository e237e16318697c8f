import * as tf from '@tensorflow/tfjs-core';
import { type Compute, newKernel } from '../kernelDefinition.ts';

type Clip = Compute<{ x: tf.TensorInfo }, { clipValueMin: number; clipValueMax: number }>;

/** tfjs's ClipByValue for every type; its own makes a number of NaN. */
const compute: Clip = ({ inputs, attrs, backend }) => {
  const { clipValueMin: least, clipValueMax: most } = attrs;
  const y = backend.output(inputs.x.shape, inputs.x.dtype);
  const from = backend.typedArrayFromHeap(inputs.x);
  const to = backend.typedArrayFromHeap(y);
  for (let i = 0; i < to.length; i++) {
    to[i] = Math.max(least, Math.min(most, from[i]!));
  }
  return y;
};

export const clipByValueKernel = newKernel(tf.ClipByValue, compute);
