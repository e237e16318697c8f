import * as tf from '@tensorflow/tfjs-core';
import { AnyformerBackend } from '../engine/backend.ts';

/** The backend in use where it is ours: for operations on memory, which run outside of the tape. */
export function engineBackend(): AnyformerBackend | undefined {
  const backend = tf.backend();
  return backend instanceof AnyformerBackend ? backend : undefined;
}

/**
 * Makes sure that a variable's memory is its own before it is changed in place: a clone or a
 * reshape of tfjs shares the memory of its original and must keep the old values.
 */
export function detach(backend: AnyformerBackend, variable: tf.Variable): void {
  if (backend.refCount(variable.dataId) <= 1) return;
  const copy = tf.tensor(backend.typedArrayFromHeap(variable), variable.shape, variable.dtype);
  variable.assign(copy);
  copy.dispose();
}
