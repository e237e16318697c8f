import * as tf from '@tensorflow/tfjs-core';
import { type Compute, overrideKernel } from '../kernelDefinition.ts';
import { broadcastIndices } from './broadcastIndices.ts';

type Prelu = Compute<{ x: tf.TensorInfo; alpha: tf.TensorInfo }, object>;

/**
 * tfjs's Prelu; its own knows one alpha for each channel of the last axis only, and multiplies
 * positive numbers by it too: with an alpha of NaN or Infinity those become NaN.
 */
export const preluKernel = overrideKernel(
  tf.Prelu,
  (stock: Prelu): Prelu =>
    (call) => {
      const { inputs, backend } = call;
      const { x, alpha } = inputs;
      const channels = x.shape.at(-1);
      const isPerChannel =
        alpha.shape.at(-1) === channels && tf.util.sizeFromShape(alpha.shape) === channels;
      const isAllFinite = backend.typedArrayFromHeap(alpha).every(Number.isFinite);
      if (isPerChannel && isAllFinite) return stock(call);
      const shape = tf.backend_util.assertAndGetBroadcastShape(x.shape, alpha.shape);
      const y = backend.output(shape, 'float32');
      const [from, slopes, to] = [x, alpha, y].map((tensor) => backend.typedArrayFromHeap(tensor));
      const indicesX = broadcastIndices(x.shape, shape);
      broadcastIndices(alpha.shape, shape).forEach((i, at) => {
        const value = from![indicesX[at]!]!;
        to![at] = value < 0 ? value * slopes![i]! : value;
      });
      return y;
    },
);
