import type * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '@tensorflow/tfjs-layers';
import {
  BaseLayer,
  type BaseLayerArgs,
  type LayerCallOptions,
  layerSchema,
  NO_MASK,
  parseLayerArgs,
  shapesOf,
  tensorsOf,
} from './baseLayer.ts';

const schema = layerSchema({});

/** What the masked poolings share: (B, T, D) -> (B, D), and the mask ends here. */
export abstract class MaskedGlobalPooling1D extends BaseLayer {
  constructor(args: BaseLayerArgs) {
    super(parseLayerArgs('maskedGlobalPooling1D', schema, args) as BaseLayerArgs);
  }

  protected abstract pool(x: tf.Tensor3D, mask: tf.Tensor2D | undefined): tf.Tensor2D;

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: LayerCallOptions): tf.Tensor {
    const x = tensorsOf(inputs)[0] as tf.Tensor3D;
    this.widthOf(x.shape);
    return this.pool(x, this.maskOf(x, kwargs));
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shape = shapesOf(inputShape)[0]!;
    return [shape[0]!, this.widthOf(shape)];
  }

  override computeMask(): tf.Tensor {
    return NO_MASK;
  }
}
