import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu/dist/backend_cpu.js';
import * as tf from '@tensorflow/tfjs-core';

interface Call {
  readonly inputs: { readonly x: tf.TensorInfo; readonly segmentIds: tf.TensorInfo };
  readonly attrs: { readonly numSegments: number };
  readonly backend: MathBackendCPU;
}

/**
 * tfjs's UnsortedSegmentSum in plain JavaScript: y[s] = sum of the x[i] with segmentIds[i] = s. Its own
 * goes over all of x once for every segment, and the gradient of an embedding has as many as words.
 */
function segmentSum({ inputs: { x, segmentIds }, attrs: { numSegments }, backend }: Call) {
  const rows = tf.util.sizeFromShape(segmentIds.shape);
  const width = tf.util.sizeFromShape(x.shape.slice(segmentIds.shape.length));
  const values = backend.data.get(x.dataId).values as tf.TypedArray;
  const segments = backend.data.get(segmentIds.dataId).values as tf.TypedArray;
  const sums = tf.util.makeZerosTypedArray(numSegments * width, x.dtype as 'float32');
  for (let row = 0; row < rows; row++) {
    const segment = segments[row]!;
    if (segment < 0 || segment >= numSegments) continue;
    for (let i = 0; i < width; i++) sums[segment * width + i]! += values[row * width + i]!;
  }
  const shape = [numSegments, ...x.shape.slice(segmentIds.shape.length)];
  return backend.makeTensorInfo(shape, x.dtype, sums);
}

/** Registers it in place of tfjs's. */
export function registerSegmentSum(): void {
  const name = { kernelName: tf.UnsortedSegmentSum, backendName: 'cpu' };
  tf.unregisterKernel(name.kernelName, name.backendName);
  tf.registerKernel({ ...name, kernelFunc: segmentSum as unknown as tf.KernelFunc });
}
