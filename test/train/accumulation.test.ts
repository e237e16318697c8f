import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { clipFactor, GradientAccumulator } from '../../src/train/gradients.ts';
import { train } from '../../src/train/trainer.ts';
import { ToyData, ToyModel } from './toyProblem.ts';

beforeAll(async () => {
  await createEngine();
});

const difference = (a: number[][], b: number[][]) =>
  Math.max(...a.flat().map((value, i) => Math.abs(value - b.flat()[i]!)));

describe('gradient accumulation', () => {
  // 22 examples: the last small batch of 4 has 2, so weighting by batch would be wrong.
  test.each([2, 3, 6])('%i small batches make the same update as a big one', async (factor) => {
    const options = {
      epochs: 3,
      learningRate: 0.1,
      optimizer: 'sgd',
      momentum: 0.9,
      shuffle: false,
      loggingSteps: 1,
    } as const;
    const small = new ToyModel();
    const smallResult = await train(small, new ToyData(22), {
      ...options,
      batchSize: 4,
      gradientAccumulationSteps: factor,
    });
    const big = new ToyModel();
    const bigResult = await train(big, new ToyData(22), { ...options, batchSize: 4 * factor });
    expect(smallResult.globalStep).toBe(bigResult.globalStep);
    expect(difference(small.values(), big.values())).toBeLessThan(1e-6);
    for (const [i, entry] of smallResult.logHistory.entries()) {
      expect(entry.loss).toBeCloseTo(bigResult.logHistory[i]!.loss!, 6);
      expect(entry.gradNorm).toBeCloseTo(bigResult.logHistory[i]!.gradNorm!, 5);
    }
    small.dispose();
    big.dispose();
  });

  test('weights the batches, leaves out what counts nothing, frees all', () => {
    const before = tf.memory().numTensors;
    const accumulator = new GradientAccumulator();
    const add = (loss: number, weight: number, ...values: number[]) =>
      accumulator.add({ loss, weight, gradients: new Map([['w', tf.tensor1d(values)]]) });
    add(Number.NaN, 0, Number.NaN, Number.NaN);
    add(1, 2, 3, 0);
    add(4, 6, 0, 4);
    expect(accumulator.weight).toBe(8);
    expect(accumulator.loss).toBe((1 * 2 + 4 * 6) / 8);
    // (2 * [3, 0] + 6 * [0, 4]) / 8 = [0.75, 3]
    const mean = Array.from(accumulator.gradients.get('w')!.dataSync()).map(
      (value) => value / accumulator.divisor,
    );
    expect(mean).toEqual([0.75, 3]);
    expect(accumulator.norm()).toBeCloseTo(Math.hypot(0.75, 3), 6);
    accumulator.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('a gradient that only a later batch has counts with its share', () => {
    const accumulator = new GradientAccumulator();
    accumulator.add({ loss: 1, weight: 1, gradients: new Map() });
    accumulator.add({ loss: 1, weight: 3, gradients: new Map([['w', tf.tensor1d([4])]]) });
    const value = accumulator.gradients.get('w')!.dataSync()[0]! / accumulator.divisor;
    expect(value).toBe(3);
    accumulator.dispose();
  });
});

test('clipFactor is that of clip_grad_norm_', () => {
  expect(clipFactor(0.5, 1)).toBe(1);
  expect(clipFactor(2, 1)).toBe(1 / (2 + 1e-6));
  expect(clipFactor(0, 1)).toBe(1);
  expect(clipFactor(1e9, 0)).toBe(1);
});
