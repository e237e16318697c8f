import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import '@tensorflow/tfjs-backend-cpu';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { registerSegmentSum } from '../../src/kernels/segmentSumInJavaScript.ts';
import { RandomTensors } from '../support/tensors.ts';

const NAME = 'UnsortedSegmentSum';
const stock = tf.getKernel(NAME, 'cpu');

beforeAll(async () => {
  await createEngine();
  await tf.setBackend('cpu');
});
afterAll(async () => {
  tf.unregisterKernel(NAME, 'cpu');
  tf.registerKernel(stock);
  await tf.setBackend('wasm');
});

test.each([
  [[7], [7], 4],
  [[9, 5], [9], 6],
  [[3, 4, 5], [3], 2],
])('sums the rows of x %j by segments %j of %d, as tfjs does', async (shape, idShape, segments) => {
  const x = new RandomTensors(1).symmetric(shape);
  const ids = tf.tensor(
    Array.from({ length: idShape[0]! }, (_, i) => (i * 5 + 1) % segments),
    idShape as [number],
    'int32',
  ) as tf.Tensor1D;
  const expected = tf.unsortedSegmentSum(x, ids, segments);
  registerSegmentSum();
  const before = tf.memory().numTensors;
  const actual = tf.unsortedSegmentSum(x, ids, segments);
  expect(actual.shape).toEqual(expected.shape);
  const [found, wanted] = [await actual.data(), await expected.data()];
  for (const [i, value] of wanted.entries()) expect(found[i]).toBeCloseTo(value, 5);
  expect(tf.memory().numTensors).toBe(before + 1);
  tf.unregisterKernel(NAME, 'cpu');
  tf.registerKernel(stock);
  tf.dispose([x, ids, expected, actual]);
});
