import type * as tf from '@tensorflow/tfjs-core';
import type { AnyformerBackend } from '../../engine/backend.ts';
import { runStockKernel } from '../kernelDefinition.ts';

/** Runs kernels one after another within one of ours, and frees what was only on the way. */
export class Intermediates {
  readonly #tensors: tf.TensorInfo[] = [];

  constructor(private readonly backend: AnyformerBackend) {}

  run(
    kernelName: string,
    inputs: tf.NamedTensorInfoMap,
    attrs: tf.NamedAttrMap = {},
  ): tf.TensorInfo {
    const y = runStockKernel(kernelName, inputs, this.backend, attrs);
    this.#tensors.push(y);
    return y;
  }

  reshape(x: tf.TensorInfo, shape: number[]): tf.TensorInfo {
    const y = this.backend.share(x, shape);
    this.#tensors.push(y);
    return y;
  }

  transpose(x: tf.TensorInfo, perm: number[]): tf.TensorInfo {
    if (perm.every((axis, i) => axis === i)) return x;
    return this.run('Transpose', { x }, { perm });
  }

  /** Frees everything but the result, which belongs to the caller from now on. */
  finish(result: tf.TensorInfo): tf.TensorInfo {
    const owned = this.backend.share(result);
    for (const { dataId } of this.#tensors) this.backend.disposeData(dataId);
    return owned;
  }
}
