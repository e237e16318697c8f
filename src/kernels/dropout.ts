import * as tf from '@tensorflow/tfjs-core';
import { AnyformerError, show } from '../core/errors.ts';
import { dropoutMask } from './dropoutMask.ts';
import { type Compute, canRun, newKernel, runKernel } from './kernelDefinition.ts';
import { runRange } from './run.ts';

const DROPOUT = 'Dropout';
/** The unit that element-wise dropout has in wasm/lib/hash.ts; attention counts its own from 0. */
const UNIT = -1;

/**
 * Dropout: y = x mask / (1 - rate). The mask is a function of the seed and the element's index.
 *
 * @param x any shape
 * @param rate the share that is dropped, from 0 up to but not including 1.
 * @param seed a 32-bit integer, another one for each call of a step.
 * @returns the shape of x
 * @throws AnyformerError `INVALID_ARGUMENT` for a rate out of range.
 *
 * @example
 * dropout(tf.ones([4]), 0.1, seeds.next());
 *
 * Source: Srivastava et al., "Dropout" (2014); as `torch.nn.functional.dropout`.
 */
export function dropout<T extends tf.Tensor>(x: T, rate: number, seed: number): T {
  requireRate('dropout', 'rate', rate);
  if (rate === 0) return tf.clone(x);
  if (!canRun(DROPOUT, x)) return dropoutComposed(x, rate, seed);
  return runKernel<T>(DROPOUT, { x }, { rate, seed });
}

/** @throws AnyformerError `INVALID_ARGUMENT` for a rate that is not in [0, 1). */
export function requireRate(operation: string, name: string, rate: number): void {
  if (rate >= 0 && rate < 1) return;
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `${operation}: ${name} must be a number from 0 up to but not including 1, received ` +
      `${show(rate)}.`,
  );
}

/** The same from operations of tfjs: for backends without our kernel, and to check it against. */
export function dropoutComposed<T extends tf.Tensor>(x: T, rate: number, seed: number): T {
  return tf.tidy(() => {
    const mask = dropoutMask([1, 1, x.size], rate, seed, UNIT);
    return tf.mul(x, tf.reshape(mask, x.shape)) as T;
  });
}

type Settings = { rate: number; seed: number };

const forward: Compute<{ x: tf.TensorInfo }, Settings> = ({ inputs, attrs, backend }) => {
  const { x } = inputs;
  const y = backend.output(x.shape, 'float32');
  const parameters = [backend.pointer(x), backend.pointer(y), attrs.seed, attrs.rate];
  runRange(backend, 'f32_dropout', parameters, tf.util.sizeFromShape(x.shape));
  return y;
};

export const dropoutKernel = newKernel(DROPOUT, forward, {
  gradFunc: (dy, _, attrs) => {
    const { rate, seed } = attrs as Settings;
    return { x: () => dropout(dy as tf.Tensor, rate, seed) };
  },
});
