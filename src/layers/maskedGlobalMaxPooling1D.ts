import type * as tf from '@tensorflow/tfjs-core';
import { maskedMax } from '../kernels/maskedMax.ts';
import type { BaseLayerArgs } from './baseLayer.ts';
import { MaskedGlobalPooling1D } from './maskedGlobalPooling1D.ts';

/**
 * y[d] = max of x[t, d] over the steps t that are not padding.
 *
 * Takes (B, T, D) and gives (B, D), zeros where nothing is real. The mask is the one of an
 * `embedding({ maskZero: true })`, or the call option `paddingMask`; tfjs-layers' own
 * `globalMaxPooling1d` takes padding for real.
 *
 * @example
 * maskedGlobalMaxPooling1D().apply(encoded, { paddingMask });
 *
 * @see Keras's GlobalMaxPooling1D.
 */
export class MaskedGlobalMaxPooling1D extends MaskedGlobalPooling1D {
  static readonly className = 'MaskedGlobalMaxPooling1D';

  protected override pool(x: tf.Tensor3D, mask: tf.Tensor2D | undefined): tf.Tensor2D {
    return maskedMax(x, mask);
  }
}

/** Makes a {@link MaskedGlobalMaxPooling1D}. */
export function maskedGlobalMaxPooling1D(args: BaseLayerArgs = {}): MaskedGlobalMaxPooling1D {
  return new MaskedGlobalMaxPooling1D(args);
}
