import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { Random } from '../../src/core/random.ts';

/** Tensors of seeded random numbers, for tests. */
export class RandomTensors {
  readonly random: Random;

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  #fill<R extends tf.Rank>(shape: tf.ShapeMap[R], next: (index: number) => number): tf.Tensor<R> {
    const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => next(i));
    return tf.tensor(values, shape);
  }

  normal<R extends tf.Rank>(shape: tf.ShapeMap[R]): tf.Tensor<R> {
    return this.#fill(shape, () => this.random.normal());
  }

  uniform<R extends tf.Rank>(shape: tf.ShapeMap[R]): tf.Tensor<R> {
    return this.#fill(shape, () => this.random.uniform());
  }

  /** In [-1, 1). */
  symmetric<R extends tf.Rank>(shape: tf.ShapeMap[R]): tf.Tensor<R> {
    return this.#fill(shape, () => 2 * this.random.uniform() - 1);
  }

  /** Not within 0.1 of 0 or 6, where activations have corners. */
  awayFromCorners<R extends tf.Rank>(shape: tf.ShapeMap[R]): tf.Tensor<R> {
    return this.#fill(shape, () => {
      const x = 4 * this.random.normal();
      return Math.abs(x) < 0.1 || Math.abs(x - 6) < 0.1 ? x + 0.3 : x;
    });
  }

  /** No two nearer than 0.1, so that a small change does not change their order. */
  distinct<R extends tf.Rank>(shape: tf.ShapeMap[R]): tf.Tensor<R> {
    const order = Int32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => i);
    this.random.shuffle(order);
    return this.#fill(shape, (i) => 0.1 * (order[i]! - order.length / 2));
  }

  /** Integers in [0, limit). */
  below<R extends tf.Rank>(limit: number, shape: tf.ShapeMap[R]): tf.Tensor<R> {
    return tf.tidy(() =>
      tf.cast(
        this.#fill<R>(shape, () => this.random.below(limit)),
        'int32',
      ),
    );
  }

  /** Ones and zeros; the first of each row is 1 in all rows but the last, which may be all 0. */
  mask(shape: [number, number]): tf.Tensor2D {
    const [rows, columns] = shape;
    return tf.tidy(() => {
      const values = this.#fill<tf.Rank.R2>(shape, (i) => {
        const isFirst = i % columns === 0 && (i < columns * (rows - 1) || rows === 1);
        return isFirst || this.random.uniform() < 0.6 ? 1 : 0;
      });
      return tf.cast(values, 'int32');
    });
  }
}

/** Two tensors agree to `tolerance` of the size of the numbers in them; NaN only where both have it. */
export function expectClose(actual: tf.Tensor, expected: tf.Tensor, tolerance = 1e-4): void {
  expect(actual.shape).toEqual(expected.shape);
  expectNumbersClose(actual.dataSync(), expected.dataSync(), tolerance);
}

export function expectNumbersClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance = 1e-4,
): void {
  expect(actual.length).toBe(expected.length);
  let scale = 1;
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]!) || 0);
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [actual[i]!, expected[i]!];
    if (Object.is(a, b) || Math.abs(a - b) <= tolerance * scale) continue;
    expect.fail(`element ${i} is ${a}, expected ${b} (tolerance ${tolerance * scale})`);
  }
}
