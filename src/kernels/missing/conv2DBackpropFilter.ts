import * as tf from '@tensorflow/tfjs-core';
import type { AnyformerBackend } from '../../engine/backend.ts';
import { multiply } from '../gemm.ts';
import { type Compute, newKernel } from '../kernelDefinition.ts';
import { CHANNELS_LAST, type ConvolutionAttributes, channelsLast } from './convolution.ts';
import { Intermediates } from './intermediates.ts';

type BackpropFilter = Compute<
  { x: tf.TensorInfo; dy: tf.TensorInfo },
  Omit<ConvolutionAttributes, 'dilations'> & { filterShape: [number, number, number, number] }
>;

/** Elements of x laid out for one product: 16 MB, which bounds the memory of large images. */
const MAX_ELEMENTS = 4 * 2 ** 20;

/**
 * tfjs's Conv2DBackpropFilter, which its WebAssembly backend lacks: the gradient of the filter of
 * a convolution, as matrix products. dW[tap] (inC, outC) = X[tap]^T (inC, P) dY (P, outC) over the
 * P output places, where X[tap] is what a tap of the filter sees there.
 */
const compute: BackpropFilter = ({ inputs, attrs, backend }) => {
  if (attrs.dataFormat === 'NCHW') {
    const steps = new Intermediates(backend);
    const x = steps.transpose(inputs.x, CHANNELS_LAST);
    const dy = steps.transpose(inputs.dy, CHANNELS_LAST);
    const dataFormat = { ...channelsLast(attrs) };
    return steps.finish(steps.run(tf.Conv2DBackpropFilter, { x, dy }, dataFormat));
  }
  const { x, dy } = inputs;
  const { filterShape, strides, pad, dimRoundingMode } = attrs;
  const shape = x.shape as [number, number, number, number];
  const info = tf.backend_util.computeConv2DInfo(
    shape,
    filterShape,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  const dw = backend.output(filterShape, 'float32');
  multiplyTaps(backend, x, dy, dw, info);
  return dw;
};

function multiplyTaps(
  backend: AnyformerBackend,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  dw: tf.TensorInfo,
  info: tf.backend_util.Conv2DInfo,
): void {
  const { inChannels, outChannels, filterHeight, filterWidth } = info;
  const places = info.batchSize * info.outHeight * info.outWidth;
  const taps = filterHeight * filterWidth;
  const block = Math.min(taps, Math.max(1, Math.floor(MAX_ELEMENTS / (places * inChannels))));
  const seen = backend.heap.malloc(4 * places * block * inChannels);
  for (let first = 0; first < taps; first += block) {
    const count = Math.min(block, taps - first);
    gatherTaps(backend.heap.f32, backend.pointer(x) / 4, seen / 4, info, first, count);
    multiply(backend, {
      a: seen, // (P, count inC)
      b: backend.pointer(dy), // (P, outC)
      c: backend.pointer(dw) + 4 * first * inChannels * outChannels, // (count inC, outC)
      M: count * inChannels,
      N: outChannels,
      K: places,
      transposeA: true,
      transposeB: false,
    });
  }
  backend.heap.free(seen);
}

/** Writes, for each output place, the channels that `count` taps see there; zeros outside of x. */
function gatherTaps(
  heap: Float32Array,
  x: number,
  to: number,
  info: tf.backend_util.Conv2DInfo,
  first: number,
  count: number,
): void {
  const { batchSize, outHeight, outWidth, inHeight, inWidth, inChannels, filterWidth } = info;
  let at = to;
  for (let batch = 0; batch < batchSize; batch++) {
    for (let row = 0; row < outHeight; row++) {
      for (let column = 0; column < outWidth; column++) {
        for (let tap = first; tap < first + count; tap++, at += inChannels) {
          const tapRow = Math.floor(tap / filterWidth);
          const y = row * info.strideHeight - info.padInfo.top + tapRow;
          const z = column * info.strideWidth - info.padInfo.left + (tap - tapRow * filterWidth);
          if (y < 0 || y >= inHeight || z < 0 || z >= inWidth) {
            heap.fill(0, at, at + inChannels);
            continue;
          }
          const from = x + ((batch * inHeight + y) * inWidth + z) * inChannels;
          for (let channel = 0; channel < inChannels; channel++) {
            heap[at + channel] = heap[from + channel]!;
          }
        }
      }
    }
  }
}

export const conv2DBackpropFilterKernel = newKernel(tf.Conv2DBackpropFilter, compute);
