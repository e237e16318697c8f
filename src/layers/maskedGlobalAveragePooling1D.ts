import type * as tf from '@tensorflow/tfjs-core';
import { maskedMean } from '../kernels/maskedMean.ts';
import type { BaseLayerArgs } from './baseLayer.ts';
import { MaskedGlobalPooling1D } from './maskedGlobalPooling1D.ts';

/**
 * y[d] = mean of x[t, d] over the steps t that are not padding.
 *
 * Takes (B, T, D) and gives (B, D), zeros where nothing is real. The mask is the one of an
 * `embedding({ maskZero: true })`, or the call option `paddingMask`; tfjs-layers' own
 * `globalAveragePooling1d` takes padding for real.
 *
 * @example
 * maskedGlobalAveragePooling1D().apply(encoded, { paddingMask });
 *
 * @see Keras's GlobalAveragePooling1D.
 */
export class MaskedGlobalAveragePooling1D extends MaskedGlobalPooling1D {
  static readonly className = 'MaskedGlobalAveragePooling1D';

  protected override pool(x: tf.Tensor3D, mask: tf.Tensor2D | undefined): tf.Tensor2D {
    return maskedMean(x, mask);
  }
}

/** Makes a {@link MaskedGlobalAveragePooling1D}. */
export function maskedGlobalAveragePooling1D(
  args: BaseLayerArgs = {},
): MaskedGlobalAveragePooling1D {
  return new MaskedGlobalAveragePooling1D(args);
}
