import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { registerLayers } from '../../src/layers/registerLayers.ts';
import { tokenAndPositionEmbedding } from '../../src/layers/tokenAndPositionEmbedding.ts';
import { transformerDecoder } from '../../src/layers/transformerDecoder.ts';
import { transformerEncoder } from '../../src/layers/transformerEncoder.ts';

beforeAll(async () => {
  await createEngine();
  registerLayers();
});

function randomSequence(steps: number, width: number, seed: number): tf.Tensor3D {
  const random = new Random(seed);
  const values = Float32Array.from({ length: steps * width }, () => random.normal());
  return tf.tensor3d(values, [1, steps, width]);
}

describe('transformerEncoder', () => {
  it('is attention and feed-forward, each added and then normalized', () => {
    tf.tidy(() => {
      const layer = transformerEncoder({ numHeads: 1, intermediateDim: 5, seed: 1 });
      const x = randomSequence(3, 4, 1);
      const y = layer.apply(x) as tf.Tensor3D;
      const weights = layer.getWeights();
      const [wq, bq, wk, bk, wv, bv, wo, bo, g1, b1, w1, c1, w2, c2, g2, b2] = weights as never as [
        tf.Tensor2D,
        ...tf.Tensor2D[],
      ];
      const rows = tf.squeeze(x) as tf.Tensor2D; // (T, D)
      const q = tf.add(tf.matMul(rows, wq), bq!);
      const k = tf.add(tf.matMul(rows, wk!), bk!);
      const v = tf.add(tf.matMul(rows, wv!), bv!);
      const scores = tf.softmax(tf.div(tf.matMul(q, k, false, true), Math.sqrt(4)));
      const attended = tf.add(tf.matMul(tf.matMul(scores, v), wo!), bo!);
      const normalize = (z: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) => {
        const { mean, variance } = tf.moments(z, -1, true);
        return tf.add(
          tf.mul(tf.div(tf.sub(z, mean), tf.sqrt(tf.add(variance, 1e-5))), gamma),
          beta,
        );
      };
      const h = normalize(tf.add(rows, attended), g1!, b1!);
      const inner = tf.relu(tf.add(tf.matMul(h as tf.Tensor2D, w1!), c1!));
      const fed = tf.add(tf.matMul(inner, w2!), c2!);
      const expected = normalize(tf.add(h, fed), g2!, b2!).dataSync();
      y.dataSync().forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i]!, 5);
      });
      layer.dispose();
    });
  });

  it('refuses a number of heads that does not divide the width', () => {
    const layer = transformerEncoder({ numHeads: 5, intermediateDim: 8 });
    expect(() => layer.apply(tf.zeros([1, 2, 64]))).toThrow(
      'numHeads 5 does not divide input width 64; use 1, 2, 4, 8, 16, 32 or 64.',
    );
    expect(() =>
      transformerEncoder({ numHeads: 2, intermediateDim: 8, activation: 'rely' as 'relu' }),
    ).toThrow(/'rely' is not known; use one of linear, relu/);
  });
});

describe('transformerDecoder', () => {
  it('sees the past alone', () => {
    tf.tidy(() => {
      const layer = transformerDecoder({ numHeads: 2, intermediateDim: 8, seed: 1 });
      const x = randomSequence(5, 4, 1);
      const later = tf.concat([tf.slice(x, [0, 0, 0], [1, 3, 4]), randomSequence(2, 4, 2)], 1);
      const firstThree = (input: tf.Tensor) =>
        tf.slice(layer.apply(input) as tf.Tensor, [0, 0, 0], [1, 3, 4]).dataSync();
      expect(firstThree(later)).toEqual(firstThree(x));
      layer.dispose();
    });
  });

  it("does not see the padding of the encoder's sequence, in a tfjs-layers model too", () => {
    const embed = (vocabularySize: number) =>
      tokenAndPositionEmbedding({
        vocabularySize,
        sequenceLength: 8,
        embeddingDim: 8,
        maskZero: true,
      });
    const source = tfl.input({ shape: [null], dtype: 'int32' });
    const target = tfl.input({ shape: [null], dtype: 'int32' });
    const encoded = transformerEncoder({ numHeads: 2, intermediateDim: 8 }).apply(
      embed(9).apply(source),
    ) as tfl.SymbolicTensor;
    const decoded = transformerDecoder({ numHeads: 2, intermediateDim: 8 }).apply([
      embed(7).apply(target) as tfl.SymbolicTensor,
      encoded,
    ]) as tfl.SymbolicTensor;
    const model = tfl.model({ inputs: [source, target], outputs: decoded });
    const ids = (row: number[]) => tf.tensor2d([row], undefined, 'int32');
    const predict = (row: number[]) =>
      tf.tidy(() => (model.predict([ids(row), ids([1, 2, 3])]) as tf.Tensor).dataSync().slice());
    const short = predict([4, 5]);
    const padded = predict([4, 5, 0, 0, 0]);
    short.forEach((value, i) => {
      expect(padded[i]!).toBeCloseTo(value, 5);
    });
    expect(predict([4, 6])).not.toEqual(short);
    model.dispose();
  });

  it('refuses another number of inputs than it was built for', () => {
    const layer = transformerDecoder({ numHeads: 2, intermediateDim: 8 });
    layer.apply(tf.zeros([1, 2, 4]));
    expect(() => layer.apply([tf.zeros([1, 2, 4]), tf.zeros([1, 3, 4])])).toThrow(/1 input/);
    layer.dispose();
  });
});
