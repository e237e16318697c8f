import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { adamUpdate, adamWUpdate } from '../../src/kernels/adamUpdate.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { sgdUpdate } from '../../src/kernels/sgdUpdate.ts';
import { sumOfSquares } from '../../src/kernels/sumOfSquares.ts';
import { expectNumbersClose, RandomTensors } from '../support/tensors.ts';

beforeAll(async () => {
  await createEngine();
});

type Step = (parameter: tf.Variable, gradient: tf.Tensor, state: tf.Variable[], t: number) => void;

const adam = { learningRate: 0.01, beta1: 0.8, beta2: 0.95, epsilon: 1e-6, weightDecay: 0.1 };
const sgd = { learningRate: 0.1, momentum: 0.9, weightDecay: 0.1, gradientScale: 0.5 };

const optimizers: [string, Step, (p: number, g: number, s: number[], t: number) => number][] = [
  [
    'adamWUpdate',
    (p, g, [m, v], step) => adamWUpdate(p, g, m!, v!, { ...adam, step, gradientScale: 0.5 }),
    (p, g, s, t) => p * (1 - 0.01 * 0.1) - adamChange(0.5 * g, s, t),
  ],
  [
    'adamUpdate',
    (p, g, [m, v], step) => adamUpdate(p, g, m!, v!, { ...adam, step }),
    (p, g, s, t) => p - adamChange(g + 0.1 * p, s, t),
  ],
  [
    'sgdUpdate',
    (p, g, [buffer]) => sgdUpdate(p, g, buffer, sgd),
    (p, g, s) => {
      s[0] = 0.9 * s[0]! + 0.5 * g + 0.1 * p;
      return p - 0.1 * s[0];
    },
  ],
  [
    'sgdUpdate with nesterov',
    (p, g, [buffer]) => sgdUpdate(p, g, buffer, { ...sgd, nesterov: true }),
    (p, g, s) => {
      const full = 0.5 * g + 0.1 * p;
      s[0] = 0.9 * s[0]! + full;
      return p - 0.1 * (full + 0.9 * s[0]);
    },
  ],
  [
    'sgdUpdate without momentum',
    (p, g) => sgdUpdate(p, g, undefined, { learningRate: 0.1 }),
    (p, g) => p - 0.1 * g,
  ],
];

function adamChange(g: number, state: number[], t: number): number {
  state[0] = 0.8 * state[0]! + 0.2 * g;
  state[1] = 0.95 * state[1]! + 0.05 * g * g;
  const root = Math.sqrt(state[1] / (1 - 0.95 ** t));
  return ((0.01 / (1 - 0.8 ** t)) * state[0]) / (root + 1e-6);
}

describe.each(optimizers)('%s', (_, step, reference) => {
  test.each(['wasm', 'cpu'])('takes the steps of PyTorch on %s', async (backend) => {
    await tf.setBackend(backend);
    try {
      const make = new RandomTensors(3);
      const initial = make.normal([7, 5]);
      const variable = tf.variable(initial);
      const state = [tf.variable(tf.zeros([7, 5])), tf.variable(tf.zeros([7, 5]))];
      const values = Array.from(initial.dataSync());
      const states = values.map(() => [0, 0]);
      for (let t = 1; t <= 5; t++) {
        const gradient = make.normal([7, 5]);
        const numbers = gradient.dataSync();
        step(variable, gradient, state, t);
        for (const [i, p] of values.entries()) values[i] = reference(p, numbers[i]!, states[i]!, t);
        gradient.dispose();
      }
      expectNumbersClose(variable.dataSync(), values, 1e-6);
      tf.dispose([initial, variable, ...state]);
    } finally {
      await tf.setBackend('wasm');
    }
  });
});

test('a clone taken before a step keeps its values, and nothing is left behind', () => {
  const { numTensors, numBytes } = tf.memory();
  const dataIds = tf.backend().numDataIds();
  const initial = tf.ones([4]);
  const variable = tf.variable(initial);
  const clone = variable.clone();
  const gradient = tf.ones([4]);
  sgdUpdate(variable, gradient, undefined, { learningRate: 0.5 });
  expect([...clone.dataSync()]).toEqual([1, 1, 1, 1]);
  expect([...variable.dataSync()]).toEqual([0.5, 0.5, 0.5, 0.5]);
  tf.dispose([initial, variable, clone, gradient]);
  expect(tf.memory()).toMatchObject({ numTensors, numBytes });
  expect(tf.backend().numDataIds()).toBe(dataIds);
});

test('a product after a step in place uses the new weights', () => {
  tf.tidy(() => {
    const kernel = tf.variable(tf.ones([8, 8]));
    const image = tf.ones<tf.Rank.R4>([1, 2, 2, 8]);
    const convolve = () => {
      const filter = tf.reshape(kernel, [1, 1, 8, 8]) as tf.Tensor4D;
      return tf.conv2d(image, filter, 1, 'valid').dataSync()[0];
    };
    expect(convolve()).toBe(8);
    sgdUpdate(kernel, tf.ones([8, 8]), undefined, { learningRate: 1 });
    expect(convolve()).toBe(0);
    kernel.dispose();
  });
});

test('sumOfSquares in float64, over chunks and of numbers whose squares overflow', () => {
  tf.tidy(() => {
    const x = new RandomTensors(1).normal([9001]);
    const expected = (x.dataSync() as Float32Array).reduce((sum, value) => sum + value * value, 0);
    expect(sumOfSquares(x)).toBeCloseTo(expected, 6);
    expect(sumOfSquares(tf.fill([3], 1e25))).toBeCloseTo(3e50, -44);
    expect(sumOfSquares(tf.zeros([0]))).toBe(0);
  });
});
