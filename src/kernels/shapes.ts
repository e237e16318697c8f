import type * as tf from '@tensorflow/tfjs-core';
import { AnyformerError } from '../core/errors.ts';

/** The last axis, and everything before it as one number of rows: (..., D) seen as (rows, D). */
export function rowsOf(x: { shape: readonly number[] }): { rows: number; columns: number } {
  const columns = x.shape.at(-1) ?? 1;
  const rows = x.shape.slice(0, -1).reduce((product, size) => product * size, 1);
  return { rows, columns };
}

/**
 * @param expected sizes; -1 is any.
 * @throws AnyformerError `INVALID_ARGUMENT` that gives both shapes.
 */
export function requireShape(
  operation: string,
  name: string,
  tensor: tf.Tensor,
  expected: readonly number[],
): void {
  const { shape } = tensor;
  const fits =
    shape.length === expected.length &&
    expected.every((size, i) => size === -1 || size === shape[i]);
  if (fits) return;
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `${operation}: ${name} must have the shape ${showShape(expected)}, received ${showShape(shape)}.`,
  );
}

/** {@link requireShape} for the tensors of an operation by their names; what is left out fits. */
export function shapeChecks<Tensors extends object>(operation: string, tensors: Tensors) {
  return (name: keyof Tensors & string, expected: readonly number[]): void => {
    const tensor = tensors[name] as tf.Tensor | undefined;
    if (tensor) requireShape(operation, name, tensor, expected);
  };
}

/** `(2, 3)`; an axis of any size reads `any`. */
export function showShape(shape: readonly number[]): string {
  return `(${shape.map((size) => (size === -1 ? 'any' : size)).join(', ')})`;
}

/** @throws AnyformerError `INVALID_ARGUMENT` when the tensor has fewer axes than that. */
export function requireRank(operation: string, name: string, tensor: tf.Tensor, least: number) {
  if (tensor.rank >= least) return;
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `${operation}: ${name} must have at least ${least} ${least === 1 ? 'axis' : 'axes'}, ` +
      `received the shape ${showShape(tensor.shape)}.`,
  );
}
