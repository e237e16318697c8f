import * as tf from '@tensorflow/tfjs-core';
import { type Compute, newKernel } from '../kernelDefinition.ts';
import type { ConvolutionAttributes } from './convolution.ts';

type Shape4D = [number, number, number, number];
type Attributes = Omit<ConvolutionAttributes, 'dataFormat'>;

function convolutionInfo(inputShape: Shape4D, filterShape: Shape4D, attrs: Attributes) {
  const { strides, dilations, pad, dimRoundingMode } = attrs;
  const isDepthwise = true;
  return tf.backend_util.computeConv2DInfo(
    inputShape,
    filterShape,
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    isDepthwise,
  );
}

/**
 * Visits each pair of an input pixel and an output place that a tap of the filter connects, with
 * the indices of their first channels.
 */
function forEachConnection(
  info: tf.backend_util.Conv2DInfo,
  visit: (x: number, dy: number, filter: number) => void,
): void {
  const { batchSize, outHeight, outWidth, inHeight, inWidth, inChannels, outChannels } = info;
  for (let batch = 0; batch < batchSize; batch++) {
    for (let row = 0; row < outHeight; row++) {
      for (let tapRow = 0; tapRow < info.filterHeight; tapRow++) {
        const y = row * info.strideHeight - info.padInfo.top + tapRow * info.dilationHeight;
        if (y < 0 || y >= inHeight) continue;
        for (let column = 0; column < outWidth; column++) {
          const place = ((batch * outHeight + row) * outWidth + column) * outChannels;
          for (let tapColumn = 0; tapColumn < info.filterWidth; tapColumn++) {
            const left = column * info.strideWidth - info.padInfo.left;
            const x = left + tapColumn * info.dilationWidth;
            if (x < 0 || x >= inWidth) continue;
            const pixel = ((batch * inHeight + y) * inWidth + x) * inChannels;
            visit(pixel, place, (tapRow * info.filterWidth + tapColumn) * outChannels);
          }
        }
      }
    }
  }
}

type BackpropFilter = Compute<
  { x: tf.TensorInfo; dy: tf.TensorInfo },
  Attributes & { filterShape: Shape4D }
>;

/** dW[tap, c, m] = sum over the places of x[c] dy[c m]. */
const backpropFilter: BackpropFilter = ({ inputs, attrs, backend }) => {
  const info = convolutionInfo(inputs.x.shape as Shape4D, attrs.filterShape, attrs);
  const { inChannels, outChannels } = info;
  const multiplier = outChannels / inChannels;
  const dw = backend.output(info.filterShape, 'float32');
  const x = backend.typedArrayFromHeap(inputs.x);
  const dy = backend.typedArrayFromHeap(inputs.dy);
  // The sums run over all places of all images: more digits than the result keeps.
  const sums = new Float64Array(tf.util.sizeFromShape(info.filterShape));
  forEachConnection(info, (pixel, place, tap) => {
    for (let channel = 0, i = 0; channel < inChannels; channel++) {
      const value = x[pixel + channel]!;
      for (let m = 0; m < multiplier; m++, i++) sums[tap + i]! += value * dy[place + i]!;
    }
  });
  backend.typedArrayFromHeap(dw).set(sums);
  return dw;
};

type BackpropInput = Compute<
  { dy: tf.TensorInfo; filter: tf.TensorInfo },
  Attributes & { inputShape: Shape4D }
>;

/** dx[c] = sum over the taps and m of dy[c m] w[tap, c, m]. */
const backpropInput: BackpropInput = ({ inputs, attrs, backend }) => {
  const info = convolutionInfo(attrs.inputShape, inputs.filter.shape as Shape4D, attrs);
  const { inChannels, outChannels } = info;
  const multiplier = outChannels / inChannels;
  const dx = backend.output(info.inShape, 'float32');
  const sums = backend.typedArrayFromHeap(dx).fill(0);
  const dy = backend.typedArrayFromHeap(inputs.dy);
  const filter = backend.typedArrayFromHeap(inputs.filter);
  forEachConnection(info, (pixel, place, tap) => {
    for (let channel = 0, i = 0; channel < inChannels; channel++) {
      let sum = 0;
      for (let m = 0; m < multiplier; m++, i++) sum += dy[place + i]! * filter[tap + i]!;
      sums[pixel + channel]! += sum;
    }
  });
  return dx;
};

/** The gradients of a depthwise convolution, which tfjs's WebAssembly backend lacks. */
export const depthwiseConv2DBackpropKernels = [
  newKernel(tf.DepthwiseConv2dNativeBackpropFilter, backpropFilter),
  newKernel(tf.DepthwiseConv2dNativeBackpropInput, backpropInput),
];
