import * as tf from '@tensorflow/tfjs-core';
import { type Compute, type KernelDefinition, overrideKernel } from '../kernelDefinition.ts';

type Pool = Compute<
  { x: tf.TensorInfo },
  {
    filterSize: number | [number, number];
    strides: number | [number, number];
    pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
    dimRoundingMode?: 'floor' | 'round' | 'ceil';
  }
>;

/**
 * tfjs's MaxPool and AvgPool. Its own leaves the result unset for windows of one element, which
 * XNNPACK does not have, and refuses integers.
 */
function pool(
  kernelName: string,
  reduce: (values: tf.TypedArray, window: number[]) => number,
): KernelDefinition {
  return overrideKernel(
    kernelName,
    (stock: Pool): Pool =>
      (call) => {
        const { inputs, attrs, backend } = call;
        const { x } = inputs;
        const info = tf.backend_util.computePool2DInfo(
          x.shape as [number, number, number, number],
          attrs.filterSize,
          attrs.strides,
          1,
          attrs.pad,
          attrs.dimRoundingMode,
        );
        const isOneElement = info.filterHeight * info.filterWidth === 1;
        if (x.dtype === 'float32' && !isOneElement) return stock(call);
        // As tfjs has it on cpu, also where padding and strides would choose other elements.
        if (isOneElement && tf.util.arraysEqual(info.inShape, info.outShape))
          return backend.share(x);
        const y = backend.output(info.outShape, x.dtype);
        const from = backend.typedArrayFromHeap(x);
        const to = backend.typedArrayFromHeap(y);
        let at = 0;
        for (let batch = 0; batch < info.batchSize; batch++) {
          for (let row = 0; row < info.outHeight; row++) {
            for (let column = 0; column < info.outWidth; column++) {
              const places = windowAt(info, batch, row, column);
              for (let channel = 0; channel < info.inChannels; channel++) {
                const elements = places.map((place) => place + channel);
                to[at++] = reduce(from, elements);
              }
            }
          }
        }
        return y;
      },
  );
}

/** Where the window of an output place begins in each pixel of x that it covers. */
function windowAt(
  info: tf.backend_util.Conv2DInfo,
  batch: number,
  row: number,
  column: number,
): number[] {
  const places: number[] = [];
  const top = row * info.strideHeight - info.padInfo.top;
  const left = column * info.strideWidth - info.padInfo.left;
  for (let y = Math.max(0, top); y < Math.min(info.inHeight, top + info.filterHeight); y++) {
    for (let x = Math.max(0, left); x < Math.min(info.inWidth, left + info.filterWidth); x++) {
      places.push(((batch * info.inHeight + y) * info.inWidth + x) * info.inChannels);
    }
  }
  return places;
}

export const poolingKernels = [
  pool(tf.MaxPool, (values, window) =>
    window.reduce((most, i) => Math.max(most, values[i]!), Number.NEGATIVE_INFINITY),
  ),
  pool(tf.AvgPool, (values, window) => {
    return window.reduce((sum, i) => sum + values[i]!, 0) / window.length;
  }),
];
