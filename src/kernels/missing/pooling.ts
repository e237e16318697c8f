import * as tf from '@tensorflow/tfjs-core';
import type { AnyformerBackend } from '../../engine/backend.ts';
import {
  type Compute,
  type KernelDefinition,
  newKernel,
  overrideKernel,
} from '../kernelDefinition.ts';
import { runRange } from '../run.ts';

interface PoolAttributes {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

type Pool = Compute<{ x: tf.TensorInfo }, PoolAttributes>;
type MaxPoolGrad = Compute<{ dy: tf.TensorInfo; input: tf.TensorInfo }, PoolAttributes>;

function poolInfo(x: tf.TensorInfo, attrs: PoolAttributes): tf.backend_util.Conv2DInfo {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const shape = x.shape as [number, number, number, number];
  return tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
}

/**
 * tfjs's MaxPool and AvgPool. Its own leaves the result unset for windows of one element, which
 * XNNPACK does not have, refuses integers, and makes -Infinity of NaN.
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
        const info = poolInfo(x, attrs);
        const isOneElement = info.filterHeight * info.filterWidth === 1;
        if (x.dtype === 'float32' && !isOneElement && isAllFinite(backend, x)) return stock(call);
        // As tfjs has it on cpu, also where padding and strides would choose other elements.
        if (isOneElement && tf.util.arraysEqual(info.inShape, info.outShape))
          return backend.share(x);
        const y = backend.output(info.outShape, x.dtype);
        const from = backend.typedArrayFromHeap(x);
        const to = backend.typedArrayFromHeap(y);
        forEachWindow(info, (at, window) => {
          to[at] = reduce(from, window);
        });
        return y;
      },
  );
}

function isAllFinite(backend: AnyformerBackend, x: tf.TensorInfo): boolean {
  const size = tf.util.sizeFromShape(x.shape);
  return runRange(backend, 'f32_firstNonFinite', [backend.pointer(x)], size) < 0;
}

/** Visits the windows of all output elements, in their order: the places of x that each covers. */
function forEachWindow(
  info: tf.backend_util.Conv2DInfo,
  visit: (at: number, window: number[]) => void,
): void {
  let at = 0;
  for (let batch = 0; batch < info.batchSize; batch++) {
    for (let row = 0; row < info.outHeight; row++) {
      for (let column = 0; column < info.outWidth; column++) {
        const pixels = windowAt(info, batch, row, column);
        for (let channel = 0; channel < info.inChannels; channel++) {
          const window = pixels.map((pixel) => pixel + channel);
          visit(at++, window);
        }
      }
    }
  }
}

/** Where the window of an output place begins in each pixel of x that it covers. */
function windowAt(
  info: tf.backend_util.Conv2DInfo,
  batch: number,
  row: number,
  column: number,
): number[] {
  const pixels: number[] = [];
  const top = row * info.strideHeight - info.padInfo.top;
  const left = column * info.strideWidth - info.padInfo.left;
  for (let y = Math.max(0, top); y < Math.min(info.inHeight, top + info.filterHeight); y++) {
    for (let x = Math.max(0, left); x < Math.min(info.inWidth, left + info.filterWidth); x++) {
      pixels.push(((batch * info.inHeight + y) * info.inWidth + x) * info.inChannels);
    }
  }
  return pixels;
}

/** The place of the first largest number; undefined where nothing is above -Infinity. */
function placeOfMaximum(values: tf.TypedArray, window: number[]): number | undefined {
  let best: number | undefined;
  let most = Number.NEGATIVE_INFINITY;
  for (const place of window) {
    // As on tfjs's cpu backend a NaN is passed over.
    if (!(values[place]! > most)) continue;
    most = values[place]!;
    best = place;
  }
  return best;
}

/** tfjs's MaxPoolGrad; its own loses what goes to negative numbers. */
const maxPoolGrad: MaxPoolGrad = ({ inputs, attrs, backend }) => {
  const { dy, input } = inputs;
  const dx = backend.output(input.shape, 'float32');
  const values = backend.typedArrayFromHeap(input);
  const from = backend.typedArrayFromHeap(dy);
  const to = backend.typedArrayFromHeap(dx).fill(0);
  forEachWindow(poolInfo(input, attrs), (at, window) => {
    const place = placeOfMaximum(values, window);
    if (place !== undefined) to[place]! += from[at]!;
  });
  return dx;
};

export const poolingKernels = [
  pool(tf.MaxPool, (values, window) => {
    const place = placeOfMaximum(values, window);
    return place === undefined ? Number.NEGATIVE_INFINITY : values[place]!;
  }),
  pool(tf.AvgPool, (values, window) => {
    return window.reduce((sum, i) => sum + values[i]!, 0) / window.length;
  }),
  newKernel(tf.MaxPoolGrad, maxPoolGrad),
];
