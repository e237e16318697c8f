import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { expectClose, expectNumbersClose, RandomTensors } from '../support/tensors.ts';

beforeAll(async () => {
  await createEngine();
});

const axisSize = fc.constantFrom(1, 2, 3, 5, 8, 9, 33, 70);

describe('add', () => {
  const shapes: [number[], number[]][] = [
    [
      [3, 5],
      [3, 5],
    ],
    [
      [90, 700],
      [90, 700],
    ],
    [[], []],
    [
      [0, 4],
      [0, 4],
    ],
    [[2, 3, 5], [5]],
    [
      [4, 1],
      [1, 4],
    ],
  ];
  test.each(shapes)('%j and %j, of floats and integers', (shapeA, shapeB) => {
    tf.tidy(() => {
      const make = new RandomTensors(7);
      for (const [a, b] of [
        [make.normal(shapeA), make.normal(shapeB)],
        [make.below(9, shapeA), make.below(9, shapeB)],
        [make.normal(shapeA), make.below(9, shapeB)],
      ] as [tf.Tensor, tf.Tensor][]) {
        const sum = tf.add(a, b);
        // a - (-b) goes through another kernel.
        const expected = tf.sub(tf.cast(a, sum.dtype), tf.neg(tf.cast(b, sum.dtype)));
        expect(sum.shape).toEqual(expected.shape);
        expect(sum.dtype).toBe(expected.dtype);
        const values = expected.dataSync();
        expect(sum.dataSync().every((value, i) => value === values[i])).toBe(true);
      }
    });
  });

  test('carries NaN and Infinity', () => {
    tf.tidy(() => {
      const sum = tf.add(tf.tensor1d([NaN, Infinity, Infinity, 1]), [1, 1, -Infinity, NaN]);
      expect([...sum.dataSync()]).toEqual([NaN, Infinity, NaN, NaN]);
    });
  });
});

describe('sum', () => {
  test('over any axes, of floats and integers', () => {
    const property = fc.property(
      fc.tuple(axisSize, axisSize, fc.constantFrom(1, 3, 4, 9)),
      fc.subarray([0, 1, 2], { minLength: 1 }),
      fc.boolean(),
      fc.boolean(),
      (shape, axes, keepDims, isInteger) => {
        tf.tidy(() => {
          const make = new RandomTensors(shape[0]);
          const x = isInteger ? make.below<tf.Rank.R3>(9, shape) : make.normal<tf.Rank.R3>(shape);
          const sums = tf.sum(x, axes, keepDims);
          const isSummed = shape.map((_, axis) => axes.includes(axis));
          const kept = shape.map((size, axis) => (isSummed[axis] ? 1 : size));
          const expected = tf.buffer(kept as [number, number, number]);
          for (const [i, plane] of x.arraySync().entries()) {
            for (const [j, row] of plane.entries()) {
              for (const [k, value] of row.entries()) {
                const place = [i, j, k].map((index, axis) => (isSummed[axis] ? 0 : index));
                const [p, q, r] = place as [number, number, number];
                expected.set(expected.get(p, q, r) + value, p, q, r);
              }
            }
          }
          const outer = shape.filter((_, axis) => !isSummed[axis]);
          expect(sums.shape).toEqual(keepDims ? kept : outer);
          expectNumbersClose(sums.dataSync(), expected.values, 1e-5);
        });
      },
    );
    fc.assert(property, { numRuns: 40, seed: 1 });
  });

  test('of no rows is zero', () => {
    tf.tidy(() => {
      expect([...tf.sum(tf.zeros([0, 3]), 0).dataSync()]).toEqual([0, 0, 0]);
    });
  });
});

describe('gather', () => {
  test.each(['float32', 'int32'] as const)('rows of %s', (dtype) => {
    tf.tidy(() => {
      const x = tf.cast(tf.reshape(tf.range(0, 30), [5, 2, 3]), dtype);
      const rows = tf.gather(x, tf.tensor2d([[4, 0, 4]], [1, 3], 'int32'));
      expect(rows.dtype).toBe(dtype);
      expect(rows.shape).toEqual([1, 3, 2, 3]);
      const row = (i: number) => Array.from({ length: 6 }, (_, j) => 6 * i + j);
      expect([...rows.dataSync()]).toEqual([...row(4), ...row(0), ...row(4)]);
    });
  });

  test.each(['float32', 'int32', 'bool'] as const)('any axis, with batches, of %s', (dtype) => {
    const property = fc.property(
      fc.tuple(axisSize, axisSize, axisSize),
      fc.constantFrom([0, 0], [1, 0], [2, 0], [1, 1], [2, 1]),
      ([B, T, D], axisAndBatch) => {
        const [axis, batchDims] = axisAndBatch as [number, number];
        tf.tidy(() => {
          const make = new RandomTensors(B + T);
          const x = tf.cast(make.below(2, [B, T, D]), dtype) as tf.Tensor3D;
          const size = [B, T, D][axis]!;
          const indices = make.below<tf.Rank.R2>(size, [batchDims ? B : 2, 3]);
          const gathered = tf.gather(x, indices, axis, batchDims);
          const [all, ids] = [x.dataSync(), indices.dataSync()];
          const inner = tf.util.sizeFromShape([B, T, D].slice(axis + 1));
          const before = tf.util.sizeFromShape([B, T, D].slice(0, axis));
          const expected: number[] = [];
          for (let i = 0; i < before; i++) {
            const batch = Math.floor(i / (before / B)); // with batchDims, B rows of 3 ids
            const row = batchDims ? ids.slice(3 * batch, 3 * batch + 3) : ids;
            for (const id of row) {
              const first = (i * size + id) * inner;
              expected.push(...all.slice(first, first + inner));
            }
          }
          expect([...gathered.dataSync()]).toEqual(expected);
        });
      },
    );
    fc.assert(property, { numRuns: 20, seed: 1 });
  });

  test('refuses an index out of range with the message of tfjs', () => {
    expect(() => tf.tidy(() => tf.gather(tf.ones([2, 3]), tf.tensor1d([2], 'int32')))).toThrow(
      /index value 2 is not in \[0, 1\]/,
    );
  });
});

describe('unsortedSegmentSum', () => {
  test('sums rows by segment and drops ids out of range', () => {
    tf.tidy(() => {
      const x = new RandomTensors(2).normal<tf.Rank.R3>([40, 3, 5]);
      const ids = Array.from({ length: 40 }, (_, i) => ((i * 7) % 9) - 1);
      const sums = tf.unsortedSegmentSum(x, tf.tensor1d(ids, 'int32'), 6);
      const parts = Array.from({ length: 6 }, (_, segment) => {
        const isIn = tf.tensor3d(
          ids.map((id) => (id === segment ? 1 : 0)),
          [40, 1, 1],
        );
        return tf.sum(tf.mul(x, isIn), 0);
      });
      expectClose(sums, tf.stack(parts));
    });
  });

  test('of integers', () => {
    tf.tidy(() => {
      const x = tf.tensor1d([1, 2, 3], 'int32');
      const sums = tf.unsortedSegmentSum(x, tf.tensor1d([1, 0, 1], 'int32'), 3);
      expect(sums.dtype).toBe('int32');
      expect([...sums.dataSync()]).toEqual([2, 4, 0]);
    });
  });
});
