import * as tf from '@tensorflow/tfjs-core';
import type { AnyformerBackend } from '../../engine/backend.ts';
import { multiply } from '../gemm.ts';
import { type Compute, newKernel } from '../kernelDefinition.ts';
import { CHANNELS_LAST, type ConvolutionAttributes, channelsLast } from './convolution.ts';
import { forEachTap, tapsPerBlock } from './convolutionTaps.ts';
import { Intermediates } from './intermediates.ts';

type BackpropFilter = Compute<
  { x: tf.TensorInfo; dy: tf.TensorInfo },
  Omit<ConvolutionAttributes, 'dilations'> & { filterShape: [number, number, number, number] }
>;

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
  const block = tapsPerBlock(info, places);
  const seen = backend.heap.malloc(4 * places * block * inChannels);
  for (let first = 0; first < taps; first += block) {
    const count = Math.min(block, taps - first);
    const { f32 } = backend.heap;
    const source = backend.pointer(x) / 4;
    forEachTap(info, first, count, (place, pixel) => {
      const at = seen / 4 + place;
      const from = source + pixel;
      for (let i = 0; i < inChannels; i++) f32[at + i] = pixel < 0 ? 0 : f32[from + i]!;
    });
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

export const conv2DBackpropFilterKernel = newKernel(tf.Conv2DBackpropFilter, compute);
