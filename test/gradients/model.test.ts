import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { composedActivation } from '../../src/kernels/composedActivation.ts';
import { composedAttention } from '../../src/kernels/composedAttention.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { dropout, dropoutComposed } from '../../src/kernels/dropout.ts';
import { embedding, embeddingComposed } from '../../src/kernels/embedding.ts';
import { layerNorm, layerNormComposed } from '../../src/kernels/layerNorm.ts';
import { linear, linearComposed } from '../../src/kernels/linear.ts';
import { maskedMean, maskedMeanComposed } from '../../src/kernels/maskedMean.ts';
import { scaledDotProductAttention } from '../../src/kernels/scaledDotProductAttention.ts';
import {
  softmaxCrossEntropy,
  softmaxCrossEntropyComposed,
} from '../../src/kernels/softmaxCrossEntropy.ts';
import { expectClose, RandomTensors } from '../support/tensors.ts';

beforeAll(async () => {
  await createEngine();
});

const [B, T, V, D, H, F, C] = [3, 9, 21, 12, 3, 20, 4] as const;

const fused = { embedding, linear, layerNorm, dropout, maskedMean, attend: fusedAttention };
const composed: typeof fused = {
  embedding: embeddingComposed,
  linear: (x, kernel, bias, name = 'linear') => linearComposed(x, kernel, bias, name),
  layerNorm: layerNormComposed,
  dropout: dropoutComposed,
  maskedMean: (x, mask) => maskedMeanComposed(x, mask!),
  attend: (query, key, value, mask, seed) => {
    const heads = { numHeads: H, numKeyValueHeads: H, causal: true };
    const settings = { ...heads, dropout: 0.1, seed, scale: Math.sqrt(H / D) };
    return composedAttention({ query, key, value, mask, bias: undefined }, settings).output;
  },
};

function fusedAttention(
  query: tf.Tensor3D,
  key: tf.Tensor3D,
  value: tf.Tensor3D,
  mask: tf.Tensor2D,
  seed: number,
): tf.Tensor3D {
  const options = { numHeads: H, mask, causal: true, dropout: 0.1, seed };
  return scaledDotProductAttention(query, key, value, options);
}

/** Shapes of the weights of one layer, in the order they are used in. */
const layerShapes: number[][] = [
  ...[0, 1, 2, 3].flatMap(() => [[D, D], [D]]),
  [D],
  [D],
  [D, F],
  [F],
  [F, D],
  [D],
  [D],
  [D],
];

function makeLoss(ops: typeof fused, ids: tf.Tensor2D, mask: tf.Tensor2D, labels: tf.Tensor1D) {
  return (...weights: tf.Tensor[]): tf.Scalar => {
    const rest = [...weights];
    const matrix = () => rest.shift() as tf.Tensor2D;
    const vector = () => rest.shift() as tf.Tensor1D;
    let x = ops.embedding(ids, matrix(), matrix()) as tf.Tensor3D; // (B, T, D)
    for (let layer = 0; layer < 2; layer++) {
      const project = (y: tf.Tensor) => ops.linear(y, matrix(), vector()) as tf.Tensor3D;
      const [q, k, v] = [project(x), project(x), project(x)];
      const attended = project(ops.attend(q!, k!, v!, mask, 7 + layer));
      x = ops.layerNorm(tf.add(x, ops.dropout(attended, 0.2, layer)), vector(), vector(), 1e-5);
      const hidden = ops.linear(x, matrix(), vector(), layer === 0 ? 'gelu' : 'relu'); // (B, T, F)
      const y = ops.linear(hidden, matrix(), vector());
      x = ops.layerNorm(tf.add(x, y) as tf.Tensor3D, vector(), vector(), 1e-5);
    }
    const logits = ops.linear(ops.maskedMean(x, mask), matrix(), vector()) as tf.Tensor2D;
    const settings = { labelSmoothing: 0.1, ignoreIndex: -100 };
    const losses =
      ops === fused
        ? softmaxCrossEntropy(logits, labels, settings)
        : softmaxCrossEntropyComposed(logits, labels, undefined, settings);
    return tf.mean(losses);
  };
}

test('a Transformer of two layers has the gradients of its composition', () => {
  const { numTensors, numBytes } = tf.memory();
  tf.tidy(() => {
    const make = new RandomTensors(9);
    const ids = make.below<tf.Rank.R2>(V, [B, T]);
    const mask = make.mask([B, T]);
    const labels = make.below<tf.Rank.R1>(C, [B]);
    const shapes = [[V, D], [T, D], ...layerShapes, ...layerShapes, [D, C], [C]];
    const weights = shapes.map((shape) => tf.mul(make.normal(shape as [number]), 0.4));
    const actual = tf.valueAndGrads(makeLoss(fused, ids, mask, labels))(weights);
    const expected = tf.valueAndGrads(makeLoss(composed, ids, mask, labels))(weights);
    expectClose(actual.value, expected.value, 1e-5);
    for (const [i, gradient] of actual.grads.entries()) expectClose(gradient, expected.grads[i]!);
  });
  expect(tf.memory()).toMatchObject({ numTensors, numBytes });
});

test('the same seeds give the same bits', () => {
  tf.tidy(() => {
    const make = new RandomTensors(10);
    const [q, k, v] = [0, 1, 2].map(() => make.normal<tf.Rank.R3>([B, T, D]));
    const mask = make.mask([B, T]);
    const once = () => fusedAttention(q!, k!, v!, mask, 3).dataSync();
    expect(once()).toEqual(once());
    const x = make.normal([4, 5]);
    expect(composedActivation(x, 'linear').dataSync()).toEqual(x.dataSync());
  });
});
