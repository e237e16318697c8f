import type * as tf from '@tensorflow/tfjs-core';
import { AnyformerError } from '../core/errors.ts';

/**
 * Checks a batch of token ids and what comes along with it.
 *
 * @param beside tensors that must have the shape of `inputIds`, where they are there, by name.
 * @param what how `inputIds` is called where the error is read.
 * @throws AnyformerError `INVALID_ARGUMENT`.
 */
export function checkTokenBatch(
  inputIds: tf.Tensor,
  maxPositionEmbeddings: number,
  beside: Readonly<Record<string, tf.Tensor | undefined>>,
  what = 'inputIds',
): void {
  const refuse = (message: string) => new AnyformerError('INVALID_ARGUMENT', message);
  if (inputIds.rank !== 2 || inputIds.dtype !== 'int32') {
    throw refuse(
      `${what} must be int32 of shape (batch, steps), received ${inputIds.dtype} of shape ` +
        `(${inputIds.shape.join(', ')}).`,
    );
  }
  const steps = inputIds.shape[1]!;
  if (steps > maxPositionEmbeddings) {
    throw refuse(
      `The sequences have ${steps} tokens and the model has maxPositionEmbeddings ` +
        `${maxPositionEmbeddings}; truncate them.`,
    );
  }
  for (const [name, tensor] of Object.entries(beside)) {
    if (tensor === undefined) continue;
    const { shape } = tensor;
    if (shape.length === 2 && shape.every((n, i) => n === inputIds.shape[i])) continue;
    throw refuse(
      `${name} must have the shape (${inputIds.shape.join(', ')}) of ${what}, received ` +
        `(${shape.join(', ')}).`,
    );
  }
}

/** Checks that each source has a target. */
export function checkSameBatch(inputIds: tf.Tensor2D, decoderInputIds: tf.Tensor2D): void {
  const [sources, targets] = [inputIds.shape[0], decoderInputIds.shape[0]];
  if (sources === targets) return;
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `decoderInputIds has ${targets} rows and inputIds ${sources}; each source needs its own target.`,
  );
}
