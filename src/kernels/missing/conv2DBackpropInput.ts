import * as tf from '@tensorflow/tfjs-core';
import type { AnyformerBackend } from '../../engine/backend.ts';
import { multiply } from '../gemm.ts';
import { type Compute, overrideKernel } from '../kernelDefinition.ts';
import type { ConvolutionAttributes } from './convolution.ts';
import { forEachTap, tapsPerBlock } from './convolutionTaps.ts';

type Shape4D = [number, number, number, number];
type BackpropInput = Compute<
  { dy: tf.TensorInfo; filter: tf.TensorInfo },
  Omit<ConvolutionAttributes, 'dilations'> & { inputShape: Shape4D }
>;

/**
 * tfjs's Conv2DBackpropInput, the gradient of the input of a convolution, as matrix products: its
 * own is a scalar loop. S[tap] (P, inC) = dY (P, outC) W[tap]^T (outC, inC) over the P output
 * places, and each row is added to the pixel that the tap saw there.
 */
export const conv2DBackpropInputKernel = overrideKernel(
  tf.Conv2DBackpropInput,
  (stock: BackpropInput): BackpropInput =>
    (call) => {
      const { inputs, attrs, backend } = call;
      const { dy, filter } = inputs;
      const { inputShape, strides, pad, dimRoundingMode } = attrs;
      if (attrs.dataFormat !== 'NHWC' || dy.dtype !== 'float32') return stock(call);
      const filterShape = filter.shape as Shape4D;
      const info = tf.backend_util.computeConv2DInfo(
        inputShape,
        filterShape,
        strides,
        1,
        pad,
        dimRoundingMode,
      );
      // Callers of conv2dTranspose may give more than the shape of the result asks for.
      if (!tf.util.arraysEqual(dy.shape, info.outShape)) return stock(call);
      const dx = backend.output(info.inShape, 'float32');
      scatterTaps(backend, dy, filter, dx, info);
      return dx;
    },
);

function scatterTaps(
  backend: AnyformerBackend,
  dy: tf.TensorInfo,
  filter: tf.TensorInfo,
  dx: tf.TensorInfo,
  info: tf.backend_util.Conv2DInfo,
): void {
  const { inChannels, outChannels, filterHeight, filterWidth } = info;
  const places = info.batchSize * info.outHeight * info.outWidth;
  const taps = filterHeight * filterWidth;
  const block = tapsPerBlock(info, places);
  const seen = backend.heap.malloc(4 * places * block * inChannels);
  backend.typedArrayFromHeap(dx).fill(0);
  for (let first = 0; first < taps; first += block) {
    const count = Math.min(block, taps - first);
    multiply(backend, {
      a: backend.pointer(dy), // (P, outC)
      b: backend.pointer(filter) + 4 * first * inChannels * outChannels, // (count inC, outC)
      c: seen, // (P, count inC)
      M: places,
      N: count * inChannels,
      K: outChannels,
      transposeA: false,
      transposeB: true,
    });
    const { f32 } = backend.heap;
    const sums = backend.pointer(dx) / 4;
    forEachTap(info, first, count, (place, pixel) => {
      if (pixel < 0) return;
      const from = seen / 4 + place;
      const to = sums + pixel;
      for (let i = 0; i < inChannels; i++) f32[to + i]! += f32[from + i]!;
    });
  }
  backend.heap.free(seen);
}
