import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { Progress } from '../../src/core/progress.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { train } from '../../src/train/trainer.ts';
import { errorOf } from '../support/errorOf.ts';
import { accuracyOf, ToyData, ToyModel } from './toyProblem.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine();
});

describe('train', () => {
  test.each([
    ['adamw', 0.02],
    ['adam', 0.02],
    ['sgd', 0.5],
    ['rmsprop', 0.02],
    ['adagrad', 0.1],
  ] as const)('learns with %s', async (optimizer, learningRate) => {
    const model = new ToyModel();
    const data = new ToyData(120);
    const before = accuracyOf(model, data);
    const result = await train(model, data, { epochs: 20, batchSize: 16, optimizer, learningRate });
    expect(result.globalStep).toBe(160);
    expect(result.epoch).toBe(20);
    expect(accuracyOf(model, data)).toBeGreaterThan(Math.max(0.85, before));
    model.dispose();
  });

  test('every epoch has every example once, in an order of its own', async () => {
    const model = new ToyModel();
    const data = new ToyData(10);
    await train(model, data, { epochs: 2, batchSize: 4 });
    expect(data.collated.map((batch) => batch.length)).toEqual([4, 4, 2, 4, 4, 2]);
    const epochs = [data.collated.slice(0, 3).flat(), data.collated.slice(3).flat()];
    expect(epochs[0]).not.toEqual(epochs[1]);
    const sorted = Array.from({ length: 10 }, (_, i) => i);
    for (const epoch of epochs) expect(epoch.sort((a, b) => a - b)).toEqual(sorted);
    model.dispose();
  });

  test('the same seed gives the same bits, another seed others', async () => {
    const run = async (seed: number) => {
      const model = new ToyModel(1, 0.3);
      await train(model, new ToyData(40), { epochs: 2, batchSize: 8, seed });
      const values = model.values();
      model.dispose();
      return values;
    };
    const first = await run(3);
    expect(await run(3)).toEqual(first);
    expect(await run(4)).not.toEqual(first);
  });

  test('maxSteps goes on over epochs and stops in the middle of one', async () => {
    const model = new ToyModel();
    const result = await train(model, new ToyData(12), { maxSteps: 7, batchSize: 4 });
    expect(result.globalStep).toBe(7);
    expect(result.epoch).toBeCloseTo(7 / 3, 12);
    model.dispose();
  });

  test('the schedule acts: its last factors are logged, its first step of warm-up changes nothing', async () => {
    const model = new ToyModel();
    const before = model.values();
    const rates: number[] = [];
    const seen: number[][][] = [];
    await train(model, new ToyData(16), {
      maxSteps: 4,
      batchSize: 4,
      learningRate: 0.1,
      warmupSteps: 2,
      onProgress: (progress) => {
        rates.push(progress.learningRate!);
        seen.push(model.values());
      },
    });
    expect(rates).toEqual([0, 0.05, 0.1, 0.05]);
    expect(seen[0]).toEqual(before);
    expect(seen[1]).not.toEqual(before);
    model.dispose();
  });

  test('warmupRatio is a share of all steps, rounded up', async () => {
    const model = new ToyModel();
    const rates: number[] = [];
    const onProgress = (progress: Progress) => rates.push(progress.learningRate!);
    const options = { maxSteps: 5, batchSize: 4, learningRate: 1, warmupRatio: 0.25 };
    await train(model, new ToyData(16), { ...options, maxGradNorm: 0.01, onProgress });
    expect(rates.slice(0, 3)).toEqual([0, 0.5, 1]);
    model.dispose();
  });

  test('clips by the global norm as PyTorch does', async () => {
    const model = new ToyModel();
    const before = model.values().flat();
    const options = {
      maxSteps: 1,
      batchSize: 16,
      optimizer: 'sgd',
      learningRate: 1,
      lrSchedulerType: 'constant',
      loggingSteps: 1,
    } as const;
    const maxGradNorm = 0.05;
    const { logHistory } = await train(model, new ToyData(16), { ...options, maxGradNorm });
    const step = model.values().flat();
    const moved = Math.hypot(...step.map((value, i) => value - before[i]!));
    const norm = logHistory[0]!.gradNorm!;
    expect(norm).toBeGreaterThan(maxGradNorm);
    // clip_grad_norm_: g * max_norm / (norm + 1e-6), and the step of SGD is g itself.
    expect(moved).toBeCloseTo((norm * maxGradNorm) / (norm + 1e-6), 6);
    model.dispose();

    const free = new ToyModel();
    await train(free, new ToyData(16), { ...options, maxGradNorm: 0 });
    const unclipped = Math.hypot(
      ...free
        .values()
        .flat()
        .map((value, i) => value - before[i]!),
    );
    expect(unclipped).toBeCloseTo(norm, 5);
    free.dispose();
  });

  test('weight decay acts on weights and leaves biases alone', async () => {
    const still = { loss: (model: ToyModel) => tf.mul(tf.sum(model.get('hidden.weight')), 0) };
    const model = new ToyModel();
    const before = model.values();
    const frozenLoss = {
      variables: model.variables,
      loss: () => ({
        loss: tf.add(still.loss(model), tf.mul(tf.sum(model.get('hidden.bias')), 0)) as tf.Scalar,
        weight: 1,
      }),
    };
    await train(frozenLoss, new ToyData(4), {
      maxSteps: 1,
      learningRate: 0.1,
      weightDecay: 0.5,
      lrSchedulerType: 'constant',
    });
    const [weight, bias, unused] = model.values();
    for (const [i, value] of weight!.entries()) {
      expect(value).toBeCloseTo(before[0]![i]! * (1 - 0.1 * 0.5), 6);
    }
    expect(bias).toEqual(before[1]);
    // Without a gradient there is no update, decay neither.
    expect(unused).toEqual(before[2]);
    model.dispose();
  });

  test('a frozen variable stays as it is', async () => {
    const model = new ToyModel();
    const weight = model.get('output.weight');
    weight.trainable = false;
    const before = Array.from(weight.dataSync());
    await train(model, new ToyData(16), { epochs: 1, batchSize: 4, weightDecay: 0.1 });
    expect(Array.from(weight.dataSync())).toEqual(before);
    model.dispose();
  });

  test('label smoothing and class weights reach the loss', async () => {
    const model = new ToyModel();
    const loss = vi.spyOn(model, 'loss');
    const classWeight = { spam: 2 };
    await train(model, new ToyData(4), { labelSmoothingFactor: 0.1, classWeight });
    expect(loss.mock.calls[0]![1]).toMatchObject({ labelSmoothingFactor: 0.1, classWeight });
    model.dispose();
  });
});

describe('progress', () => {
  test('every step reports where it stands', async () => {
    const model = new ToyModel();
    const seen: Progress[] = [];
    await train(model, new ToyData(12), {
      epochs: 2,
      batchSize: 4,
      onProgress: (progress) => seen.push(progress),
    });
    expect(seen.map((progress) => progress.step)).toEqual([1, 2, 3, 4, 5, 6]);
    for (const progress of seen) {
      expect(progress.phase).toBe('train');
      expect(progress.totalSteps).toBe(6);
      expect(progress.loss).toBeGreaterThan(0);
      expect(progress.tokensPerSecond).toBeGreaterThan(0);
    }
    expect(seen[2]!.epoch).toBe(1);
    expect(seen.at(-1)!.remainingSeconds).toBe(0);
    model.dispose();
  });

  test('the log has the mean loss between its entries', async () => {
    const options = { maxSteps: 6, batchSize: 4, learningRate: 0.01 };
    const each = await train(new ToyModel(), new ToyData(12), { ...options, loggingSteps: 1 });
    const pairs = await train(new ToyModel(), new ToyData(12), { ...options, loggingSteps: 4 });
    const losses = each.logHistory.map((entry) => entry.loss!);
    const mean = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
    expect(pairs.logHistory.map((entry) => entry.step)).toEqual([4, 6]);
    expect(pairs.logHistory[0]!.loss).toBeCloseTo(mean(losses.slice(0, 4)), 12);
    expect(pairs.logHistory[1]!.loss).toBeCloseTo(mean(losses.slice(4)), 12);
    expect(each.trainLoss).toBeCloseTo(mean(losses), 12);
  });

  test('timers run while training runs', async () => {
    const model = new ToyModel();
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await train(model, new ToyData(64), { maxSteps: 300, batchSize: 16 });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(5);
    model.dispose();
  });
});

describe('memory', () => {
  test('tensors and heap are flat over 200 steps', async () => {
    const model = new ToyModel(1, 0.1);
    const data = new ToyData(64);
    const options = { maxSteps: 40, batchSize: 8, gradientAccumulationSteps: 2 };
    const before = tf.memory();
    await train(model, data, options);
    const heapBytes = engine.heap.bytes;
    const during = new Set<number>();
    await train(model, data, {
      ...options,
      maxSteps: 200,
      onProgress: () => during.add(tf.memory().numTensors),
    });
    expect(during.size).toBe(1);
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numBytes).toBe(before.numBytes);
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
    expect(engine.heap.bytes).toBe(heapBytes);
    model.dispose();
  });

  test('the peak of the heap is that of the updates of the call', async () => {
    const model = new ToyModel();
    const data = new ToyData(8);
    const before = engine.info();
    tf.zeros([1 << 20]).dispose();
    const held = tf.zeros([1000]);
    const seen: number[] = [];
    // 1 MB within the second update alone, and more around the others.
    let batch = 0;
    const withBallast = {
      variables: model.variables,
      loss: (...args: Parameters<ToyModel['loss']>) => {
        if (++batch === 2) tf.zeros([1 << 18]).dispose();
        return model.loss(...args);
      },
    };
    const { peakHeapBytes } = await train(withBallast, data, {
      maxSteps: 4,
      batchSize: 4,
      onProgress: (progress) => {
        seen.push(progress.peakHeapBytes! - before.usedHeapBytes);
        tf.zeros([1 << 20]).dispose();
      },
    });
    expect(seen[0]).toBeGreaterThan(4000);
    expect(seen[0]).toBeLessThan(1 << 16);
    expect(seen[1]! - seen[0]!).toBeGreaterThan(2 ** 20 - (1 << 16));
    expect(seen[1]).toBeLessThan(2 ** 20 + (1 << 16));
    expect(seen.slice(2)).toEqual([seen[1], seen[1]]);
    expect(peakHeapBytes).toBe(seen[3]! + before.usedHeapBytes);
    tf.dispose(held);
    model.dispose();
  });

  test('a loss that throws halfway leaves nothing behind', async () => {
    const model = new ToyModel();
    const before = tf.memory();
    const broken = {
      variables: model.variables,
      loss: (batch: { x: tf.Tensor2D }): never => {
        tf.square(model.logits(batch.x));
        throw new Error('broken loss');
      },
    };
    const error = await errorOf(train(broken, new ToyData(8)));
    expect(error.message).toBe('broken loss');
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
    await train(model, new ToyData(8));
    expect(tf.memory().numTensors).toBe(before.numTensors);
    model.dispose();
  });
});
