import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Progress } from '../../src/core/progress.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { train } from '../../src/train/trainer.ts';
import type { TrainingOptions } from '../../src/train/trainingOptions.ts';
import { ToyData, ToyModel } from './toyProblem.ts';

beforeAll(async () => {
  await createEngine();
});

/** Trains four steps an epoch while the evaluations give the values of a script. */
async function scripted(script: Record<string, number>[], options: TrainingOptions) {
  const model = new ToyModel();
  const weights: number[][][] = [];
  const tensorsBefore = tf.memory().numTensors;
  const evaluate = () => {
    weights.push(model.values());
    return script[weights.length - 1] ?? expect.unreachable('evaluated too often');
  };
  const result = await train(
    model,
    new ToyData(16),
    { epochs: script.length, batchSize: 4, learningRate: 0.05, ...options },
    { evaluate },
  );
  expect(tf.memory().numTensors).toBe(tensorsBefore);
  const final = model.values();
  model.dispose();
  return { result, weights, final };
}

const losses = (...values: number[]) => values.map((loss) => ({ loss }));

describe('evaluation', () => {
  test('once an epoch by default, into the log and the progress', async () => {
    const seen: Progress[] = [];
    const { result, weights } = await scripted(losses(0.9, 0.8), {
      onProgress: (progress) => seen.push(progress),
    });
    expect(weights.length).toBe(2);
    const evaluations = result.logHistory.filter((entry) => entry.metrics);
    expect(evaluations).toEqual([
      { step: 4, epoch: 1, metrics: { loss: 0.9 } },
      { step: 8, epoch: 2, metrics: { loss: 0.8 } },
    ]);
    expect(result).toMatchObject({ bestMetric: 0.8, bestStep: 8, stoppedEarly: false });
    expect(seen.at(-1)!.metrics).toEqual({ loss: 0.8 });
  });

  test('every evalSteps, and at the end', async () => {
    const options = { epochs: 2, evalSteps: 3 };
    const { result } = await scripted(losses(1, 1, 1), options);
    const steps = result.logHistory.filter((entry) => entry.metrics).map((entry) => entry.step);
    expect(steps).toEqual([3, 6, 8]);
  });

  test("never with evalStrategy 'no'", async () => {
    const { result, weights } = await scripted(losses(1), { evalStrategy: 'no' });
    expect(weights).toEqual([]);
    expect(result.bestMetric).toBeUndefined();
  });

  test('loadBestModelAtEnd restores deep copies of the best weights', async () => {
    const options = { loadBestModelAtEnd: true };
    const { result, weights, final } = await scripted(losses(0.9, 0.5, 0.7), options);
    expect(result).toMatchObject({ globalStep: 12, bestMetric: 0.5, bestStep: 8 });
    expect(final).toEqual(weights[1]);
    expect(final).not.toEqual(weights[2]);
  });

  test('early stopping waits its patience and restores the best weights', async () => {
    const options = { earlyStoppingPatience: 2 };
    const script = losses(0.9, 0.5, 0.6, 0.4, 0.5, 0.4, 0.1);
    const { result, weights, final } = await scripted(script, options);
    // 0.6 is one evaluation without a better one, 0.4 begins anew, an equal one is no better.
    expect(weights.length).toBe(6);
    expect(result).toMatchObject({ stoppedEarly: true, globalStep: 24, bestStep: 16 });
    expect(final).toEqual(weights[3]);
  });

  test('a metric that is to be great', async () => {
    const script = [{ f1: 0.2 }, { f1: 0.6 }, { f1: 0.4 }];
    const options = { metricForBestModel: 'f1', loadBestModelAtEnd: true };
    const { result, weights, final } = await scripted(script, options);
    expect(result.bestMetric).toBe(0.6);
    expect(final).toEqual(weights[1]);
    const least = await scripted(script, { ...options, greaterIsBetter: false });
    expect(least.result.bestMetric).toBe(0.2);
  });

  test('NaN is never the best', async () => {
    const options = { earlyStoppingPatience: 2 };
    const { result } = await scripted(losses(Number.NaN, 0.5, Number.NaN, 0.6), options);
    expect(result).toMatchObject({ bestMetric: 0.5, stoppedEarly: true });
  });

  test('a metric that is not there', async () => {
    await expect(
      scripted([{ accuracy: 1, f1: 1 }], { metricForBestModel: 'recall' }),
    ).rejects.toThrow(
      "metricForBestModel 'recall' is not among the metrics of the evaluation: accuracy, f1.",
    );
  });
});
