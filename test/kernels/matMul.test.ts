import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { expectClose, expectNumbersClose, RandomTensors } from '../support/tensors.ts';

beforeAll(async () => {
  await createEngine();
});

/** In float64, by the definition; the batch axes are equal or 1 and both tensors have rank 4. */
function reference(a: tf.Tensor4D, b: tf.Tensor4D, transposeA: boolean, transposeB: boolean) {
  const [A, B] = [a.arraySync(), b.arraySync()];
  const at = (x: number[][][][], i: number, j: number) =>
    x[x.length === 1 ? 0 : i]![x[0]!.length === 1 ? 0 : j]!;
  const [M, K] = transposeA ? [a.shape[3], a.shape[2]] : [a.shape[2], a.shape[3]];
  const N = transposeB ? b.shape[2] : b.shape[3];
  const result: number[] = [];
  for (let i = 0; i < Math.max(a.shape[0], b.shape[0]); i++) {
    for (let j = 0; j < Math.max(a.shape[1], b.shape[1]); j++) {
      const [x, y] = [at(A, i, j), at(B, i, j)];
      for (let m = 0; m < M; m++) {
        for (let n = 0; n < N; n++) {
          let sum = 0;
          for (let k = 0; k < K; k++) {
            sum += (transposeA ? x[k]![m]! : x[m]![k]!) * (transposeB ? y[n]![k]! : y[k]![n]!);
          }
          result.push(sum);
        }
      }
    }
  }
  return result;
}

const size = fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 9, 31, 33);
const batch = fc.constantFrom([1, 1], [3, 1], [1, 2], [3, 2]);

test('matMul of every transposition, size and broadcast batch', () => {
  const property = fc.property(
    fc.tuple(size, size, size),
    fc.tuple(batch, batch),
    fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
    ([M, N, K], [outerA, outerB], [transposeA, transposeB, isInteger]) => {
      tf.tidy(() => {
        const make = new RandomTensors(M * N + K);
        const [i, j] = outerA as [number, number];
        const [p, q] = outerB as [number, number];
        const shapeA = [i, j, ...(transposeA ? [K, M] : [M, K])] as [
          number,
          number,
          number,
          number,
        ];
        const shapeB = [p, q, ...(transposeB ? [N, K] : [K, N])] as [
          number,
          number,
          number,
          number,
        ];
        const [a, b] = [shapeA, shapeB].map((shape) =>
          isInteger ? make.below<tf.Rank.R4>(9, shape) : make.normal<tf.Rank.R4>(shape),
        ) as [tf.Tensor4D, tf.Tensor4D];
        const product = tf.matMul(a, b, transposeA, transposeB);
        expect(product.dtype).toBe(a.dtype);
        expect(product.shape).toEqual([Math.max(i, p), Math.max(j, q), M, N]);
        const expected = reference(a, b, transposeA, transposeB);
        expectNumbersClose(product.dataSync(), expected, isInteger ? 0 : 1e-5);
      });
    },
  );
  fc.assert(property, { numRuns: 60, seed: 1 });
});

test('matMul of nothing', () => {
  tf.tidy(() => {
    const [none, inner] = [tf.zeros([0, 3]), tf.zeros([2, 0])];
    expect(tf.matMul(none as tf.Tensor2D, tf.ones([3, 4])).shape).toEqual([0, 4]);
    const zeros = tf.matMul(inner as tf.Tensor2D, tf.zeros([0, 3]));
    expect([...zeros.dataSync()]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});

test('matMul refuses what tfjs refuses', () => {
  expect(() => tf.tidy(() => tf.matMul(tf.ones([2, 3]), tf.ones([4, 2])))).toThrow(/inner shapes/);
});

describe('fused.matMul', () => {
  const activations = ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'prelu', 'leakyrelu'] as const;

  test.each(activations)('%s', (activation) => {
    tf.tidy(() => {
      const make = new RandomTensors(4);
      const bias = { none: undefined, row: make.normal([7]), whole: make.normal([5, 7]) };
      const alpha = make.uniform([7]);
      for (const transposeA of [false, true]) {
        for (const [M, summand] of [
          [5, bias.none],
          [5, bias.row],
          [5, bias.whole],
          [1, bias.row],
        ] as const) {
          const a = make.normal<tf.Rank.R2>(transposeA ? [9, M] : [M, 9]);
          const b = make.normal<tf.Rank.R2>([9, 7]);
          const product = tf.matMul(a, b, transposeA);
          const sum = summand ? tf.add(product, summand) : product;
          const expected = {
            linear: () => sum,
            relu: () => tf.relu(sum),
            relu6: () => tf.relu6(sum),
            elu: () => tf.elu(sum),
            sigmoid: () => tf.sigmoid(sum),
            prelu: () => tf.prelu(sum, alpha),
            leakyrelu: () => tf.leakyRelu(sum, 0.3),
          }[activation]();
          const fused = tf.fused.matMul({
            a,
            b,
            transposeA,
            activation,
            ...(summand ? { bias: summand } : {}),
            ...(activation === 'prelu' ? { preluActivationWeights: alpha } : {}),
            leakyreluAlpha: 0.3,
          });
          expectClose(fused, expected, 1e-5);
        }
      }
    });
  });

  test('has gradients', () => {
    tf.tidy(() => {
      const make = new RandomTensors(6);
      const inputs = [make.normal([5, 9]), make.normal([9, 7]), make.normal([7])];
      const fused = tf.grads((a, b, bias) =>
        tf.sum(
          tf.square(tf.fused.matMul({ a: a as tf.Tensor2D, b: b as tf.Tensor2D, bias: bias! })),
        ),
      )(inputs);
      const plain = tf.grads((a, b, bias) => tf.sum(tf.square(tf.add(tf.matMul(a!, b!), bias!))))(
        inputs,
      );
      for (const [i, gradient] of fused.entries()) expectClose(gradient, plain[i]!);
    });
  });
});
