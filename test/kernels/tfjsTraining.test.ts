import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { RandomTensors } from '../support/tensors.ts';

// What is written for tfjs trains on the engine as it is.

beforeAll(async () => {
  await createEngine();
});

test('tf.train.adam finds the weights of a linear model', () => {
  const { numTensors } = tf.memory();
  const make = new RandomTensors(1);
  const x = make.normal<tf.Rank.R2>([64, 3]);
  const y = tf.tidy(() => tf.matMul(x, tf.tensor2d([[1], [-2], [0.5]])));
  const initial = tf.zeros<tf.Rank.R2>([3, 1]);
  const weights = tf.variable(initial);
  const optimizer = tf.train.adam(0.1);
  const step = () =>
    optimizer.minimize(() => tf.losses.meanSquaredError(y, tf.matMul(x, weights)) as tf.Scalar);
  for (let i = 0; i < 150; i++) step();
  for (const [i, w] of [1, -2, 0.5].entries()) expect(weights.dataSync()[i]).toBeCloseTo(w, 2);
  optimizer.dispose();
  tf.dispose([x, y, initial, weights]);
  expect(tf.memory().numTensors).toBe(numTensors);
});

describe('tfjs-layers', () => {
  const seed = (number: number) => tfl.initializers.glorotUniform({ seed: number });
  const models: [string, () => tfl.layers.Layer[]][] = [
    [
      'embedding and dense',
      () => [
        tfl.layers.embedding({
          inputDim: 12,
          outputDim: 8,
          inputLength: 6,
          embeddingsInitializer: seed(1),
        }),
        tfl.layers.globalAveragePooling1d({}),
        tfl.layers.dense({ units: 1, activation: 'sigmoid', kernelInitializer: seed(2) }),
      ],
    ],
    [
      'embedding and LSTM',
      () => [
        tfl.layers.embedding({
          inputDim: 12,
          outputDim: 8,
          inputLength: 6,
          embeddingsInitializer: seed(3),
        }),
        tfl.layers.lstm({
          units: 8,
          kernelInitializer: seed(4),
          recurrentInitializer: seed(5),
        }),
        tfl.layers.dense({ units: 1, activation: 'sigmoid', kernelInitializer: seed(6) }),
      ],
    ],
  ];

  test.each(models)('%s learn which sequences begin with a low number', async (_, layers) => {
    const make = new RandomTensors(2);
    const x = make.below<tf.Rank.R2>(12, [96, 6]);
    const first = x.arraySync().map((row) => row.filter((id) => id < 4).length >= 2);
    const y = tf.tensor2d(first.map(Number), [96, 1]);
    const model = tfl.sequential({ layers: layers() });
    model.compile({ optimizer: tf.train.adam(0.05), loss: 'binaryCrossentropy' });
    const train = (epochs: number) => {
      return model.fit(x, y, { epochs, batchSize: 32, shuffle: false, verbose: 0 });
    };
    const { history } = await train(15);
    const losses = history.loss as number[];
    expect(losses.at(-1)).toBeLessThan(0.6 * losses[0]!);
    const { numTensors } = tf.memory();
    await train(2);
    expect(tf.memory().numTensors).toBe(numTensors);
    model.dispose();
    tf.dispose([x, y]);
  });
});
