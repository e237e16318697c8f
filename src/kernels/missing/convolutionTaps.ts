import type * as tf from '@tensorflow/tfjs-core';

/** Elements laid out for one product: 16 MB, which bounds the memory that large images take. */
const MAX_ELEMENTS = 4 * 2 ** 20;

/** How many taps of a filter are multiplied at once, for `places` output places. */
export function tapsPerBlock(info: tf.backend_util.Conv2DInfo, places: number): number {
  const fitting = Math.floor(MAX_ELEMENTS / (places * info.inChannels));
  return Math.min(info.filterHeight * info.filterWidth, Math.max(1, fitting));
}

/**
 * Visits, for each output place of a convolution, `count` taps of the filter from `first` on.
 *
 * @param visit takes where the tap's channels stand in a matrix (places, count inChannels), and
 * where those of the input pixel that it sees stand in the input; -1 outside of the image.
 */
export function forEachTap(
  info: tf.backend_util.Conv2DInfo,
  first: number,
  count: number,
  visit: (at: number, pixel: number) => void,
): void {
  const { batchSize, outHeight, outWidth, inHeight, inWidth, inChannels, filterWidth } = info;
  let at = 0;
  for (let batch = 0; batch < batchSize; batch++) {
    for (let row = 0; row < outHeight; row++) {
      for (let column = 0; column < outWidth; column++) {
        for (let tap = first; tap < first + count; tap++, at += inChannels) {
          const tapRow = Math.floor(tap / filterWidth);
          const y = row * info.strideHeight - info.padInfo.top + tapRow;
          const x = column * info.strideWidth - info.padInfo.left + (tap - tapRow * filterWidth);
          const isInside = y >= 0 && y < inHeight && x >= 0 && x < inWidth;
          visit(at, isInside ? ((batch * inHeight + y) * inWidth + x) * inChannels : -1);
        }
      }
    }
  }
}
