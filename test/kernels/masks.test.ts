import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { composedAttention } from '../../src/kernels/composedAttention.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { embedding } from '../../src/kernels/embedding.ts';
import { maskedMax } from '../../src/kernels/maskedMax.ts';
import { maskedMean } from '../../src/kernels/maskedMean.ts';
import { attentionWithWeights } from '../../src/kernels/scaledDotProductAttention.ts';
import { expectClose, RandomTensors } from '../support/tensors.ts';

beforeAll(async () => {
  await createEngine();
});

test.each(['bool', 'int32', 'float32'] as const)('a mask may be of %s', (dtype) => {
  tf.tidy(() => {
    const x = new RandomTensors(1).normal<tf.Rank.R3>([2, 3, 4]);
    const mask = tf.tensor2d([1, 0, 1, 0, 0, 0], [2, 3], dtype);
    const [a, b] = [tf.slice(x, [0, 0, 0], [1, 1, 4]), tf.slice(x, [0, 2, 0], [1, 1, 4])];
    const rows = tf.concat([a, b], 1); // what is kept of the first sequence
    const zeros = tf.zeros([1, 4]);
    expectClose(maskedMean(x, mask), tf.concat([tf.mean(rows, 1), zeros]));
    expectClose(maskedMax(x, mask), tf.concat([tf.max(rows, 1), zeros]));
    const { output, weights } = attentionWithWeights(x, x, x, { numHeads: 2, mask });
    const [first, second] = tf.unstack(tf.sum(weights, 3)) as [tf.Tensor, tf.Tensor];
    expectClose(first, tf.ones([2, 3]));
    expectClose(second, tf.zeros([2, 3])); // sees no key
    expectClose(tf.slice(output, [1, 0, 0]), tf.zeros([1, 3, 4]));
  });
});

test('a masked key never wins, however low the scores of the others are', () => {
  tf.tidy(() => {
    const [query, value] = [tf.tensor3d([-1e19], [1, 1, 1]), tf.tensor3d([1, 2, 3], [1, 3, 1])];
    const key = tf.tensor3d([2e18, 1e18, 0], [1, 3, 1]); // scores of -2e37, -1e37 and 0
    const mask = tf.tensor2d([[1, 1, 0]]);
    const settings = {
      numHeads: 1,
      numKeyValueHeads: 1,
      causal: false,
      dropout: 0,
      seed: 0,
      scale: 1,
    };
    const composed = composedAttention({ query, key, value, mask, bias: undefined }, settings);
    for (const { output, weights } of [
      composed,
      attentionWithWeights(query, key, value, { numHeads: 1, mask, scale: 1 }),
    ]) {
      expect([...output.dataSync()]).toEqual([2]);
      expect([...weights.dataSync()]).toEqual([0, 1, 0]);
    }
  });
});

test('ids may be of float32, as the inputs of tfjs-layers are', () => {
  tf.tidy(() => {
    const table = new RandomTensors(2).normal<tf.Rank.R2>([5, 3]);
    const ids = [4, 0, 2];
    expectClose(embedding(tf.tensor1d(ids), table), embedding(tf.tensor1d(ids, 'int32'), table));
  });
});

test('what is masked may be NaN', () => {
  tf.tidy(() => {
    const x = tf.tensor3d([1, 2, Number.NaN, Number.NaN], [1, 2, 2]);
    const mask = tf.tensor2d([[1, 0]]);
    expect([...maskedMean(x, mask).dataSync()]).toEqual([1, 2]);
    expect([...maskedMax(x, mask).dataSync()]).toEqual([1, 2]);
  });
});

test('empty batches give empty results', () => {
  tf.tidy(() => {
    const x = tf.zeros<tf.Rank.R3>([0, 3, 4]);
    expect(maskedMean(x).shape).toEqual([0, 4]);
    expect(attentionWithWeights(x, x, x, { numHeads: 2 }).weights.shape).toEqual([0, 2, 3, 3]);
    expect(embedding(tf.zeros([0, 3], 'int32'), tf.ones([5, 2])).shape).toEqual([0, 3, 2]);
  });
});
