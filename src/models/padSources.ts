import * as tf from '@tensorflow/tfjs-core';

/** A batch of sources. */
export interface SourceBatch {
  /** (B, S) int32 */
  readonly inputIds: tf.Tensor2D;
  /** (B, S), nonzero = a real token. Default: all are. */
  readonly attentionMask?: tf.Tensor2D | undefined;
}

/** Token ids side by side, padded at their ends. */
export function padSources(sources: readonly ArrayLike<number>[], padTokenId: number): SourceBatch {
  // At least one place: without any token it is all padding, not a tensor without elements.
  const steps = sources.reduce((most, { length }) => Math.max(most, length), 1);
  const shape: [number, number] = [sources.length, steps];
  const ids = new Int32Array(sources.length * steps).fill(padTokenId);
  const mask = new Int32Array(ids.length);
  sources.forEach((source, row) => {
    ids.set(source, row * steps);
    mask.fill(1, row * steps, row * steps + source.length);
  });
  return {
    inputIds: tf.tensor2d(ids, shape, 'int32'),
    attentionMask: tf.tensor2d(mask, shape, 'int32'),
  };
}
