import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { activationNamed } from '../../src/kernels/activationName.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { dropout } from '../../src/kernels/dropout.ts';
import { embedding } from '../../src/kernels/embedding.ts';
import { layerNorm } from '../../src/kernels/layerNorm.ts';
import { linear } from '../../src/kernels/linear.ts';
import { rotaryEmbedding } from '../../src/kernels/rotaryEmbedding.ts';
import {
  attentionWithWeights,
  scaledDotProductAttention,
} from '../../src/kernels/scaledDotProductAttention.ts';
import { selfAttention } from '../../src/kernels/selfAttention.ts';
import { softmaxCrossEntropy } from '../../src/kernels/softmaxCrossEntropy.ts';

beforeAll(async () => {
  await createEngine();
});

/** Runs in a scope and asserts that the error leaves no tensor behind beside the scope's own. */
function expectError(run: () => unknown, message: RegExp): void {
  const dataIds = tf.backend().numDataIds();
  let caught: unknown;
  tf.tidy(() => {
    try {
      run();
    } catch (error) {
      caught = error;
    }
  });
  expect(caught).toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringMatching(message),
  });
  expect(tf.backend().numDataIds()).toBe(dataIds);
}

test('embedding names the place, the id and the vocabulary', () => {
  const message = /the id 9 at position \[1, 2\] is outside of the vocabulary of 9/;
  const ids = [[0, 1, 2], [3, 4, 9]]; // biome-ignore format: a matrix
  expectError(() => embedding(tf.tensor2d(ids, [2, 3], 'int32'), tf.ones([9, 4])), message);
  expectError(() => embedding(tf.tensor1d([-1], 'int32'), tf.ones([9, 4])), /the id -1 at .*\[0\]/);
});

test('softmaxCrossEntropy names the row and the classes', () => {
  const labels = tf.tensor1d([0, 3], 'int32');
  expectError(
    () => softmaxCrossEntropy(tf.ones([2, 3]), labels),
    /label 3 of row 1 is none of the 3/,
  );
  labels.dispose();
});

test('shapes that do not fit are both given', () => {
  expectError(() => linear(tf.ones([2, 3]), tf.ones([4, 5])), /kernel .* \(3, any\), .* \(4, 5\)/);
  expectError(
    () => layerNorm(tf.ones([2, 3]), tf.ones([4]), tf.zeros([3]), 1e-5),
    /gamma .* \(4\)/,
  );
});

test('attention says which rule is broken', () => {
  const x = () => tf.ones<tf.Rank.R3>([2, 3, 8]);
  expectError(
    () => scaledDotProductAttention(x(), x(), x(), { numHeads: 3 }),
    /numHeads 3 must divide the last axis of query; received query \(2, 3, 8\)/,
  );
  expectError(
    () => scaledDotProductAttention(x(), x(), x(), { numHeads: 4, mask: tf.ones([2, 4]) }),
    /mask must have the shape/,
  );
});

test('attention weights in a loss are an error, not a gradient of zero', () => {
  const query = tf.ones<tf.Rank.R3>([1, 2, 4]);
  const loss = (q: tf.Tensor) =>
    tf.sum(attentionWithWeights(q as tf.Tensor3D, query, query, { numHeads: 2 }).weights);
  // What tfjs had saved for the way back stays behind when it throws, so tensors are not counted.
  expect(() => tf.grad(loss)(query)).toThrow(/weights have no gradient/);
  query.dispose();
});

test('a dropout rate of 1 and an unknown activation are refused', () => {
  expectError(() => dropout(tf.ones([2]), 1, 0), /rate must be .* received 1/);
  expectError(() => activationNamed('gelo'), /'gelo' is not known; use one of linear, relu/);
  expect(activationNamed('gelu_pytorch_tanh')).toBe('gelu_new');
});

test('rotaryEmbedding names the position and the rows there are', () => {
  const rotate = (position: number) => () => {
    const positions = tf.tensor2d([[0, position]], [1, 2], 'int32');
    rotaryEmbedding(tf.ones([1, 2, 4]), tf.ones([3, 2]), tf.ones([3, 2]), {
      numHeads: 1,
      positions,
    });
  };
  expectError(rotate(3), /position 3 has no row in cos; positions go from 0 to 2/);
  expectError(rotate(-1), /position -1 /);
});

test('selfAttention names the heads that the last axis does not hold', () => {
  const message = /\(1, 2, 10\) does not hold 2 heads of queries and 1 of keys/;
  const options = { numHeads: 2, numKeyValueHeads: 1 };
  expectError(() => selfAttention(tf.ones([1, 2, 10]), options), message);
  expectError(
    () => selfAttention(tf.ones([1, 2, 8]), { ...options, mask: tf.ones([1, 3]) }),
    /mask .*\(1, 2\).*\(1, 3\)/,
  );
});
