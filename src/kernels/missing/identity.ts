import * as tf from '@tensorflow/tfjs-core';
import { type Compute, newKernel } from '../kernelDefinition.ts';

const compute: Compute<{ x: tf.TensorInfo }, object> = ({ inputs, backend }) =>
  backend.share(inputs.x);

/**
 * tfjs's Identity, which copies on WebAssembly. It runs for every tensor that the tape keeps, so
 * sharing saves a copy of each activation and weight. What changes memory in place detaches first.
 */
export const identityKernel = newKernel(tf.Identity, compute);
