import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Progress } from '../../src/core/progress.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { train } from '../../src/train/trainer.ts';
import { errorOf } from '../support/errorOf.ts';
import { accuracyOf, ToyData, ToyModel } from './toyProblem.ts';

beforeAll(async () => {
  await createEngine();
});

describe('what stops a training', () => {
  test.each([
    ['loss', Number.NaN],
    ['loss', Number.POSITIVE_INFINITY],
    ['gradient', Number.NaN],
  ])('a non-finite %s (%d) keeps the weights of the last good step', async (where, bad) => {
    const model = new ToyModel();
    const before = tf.memory().numTensors;
    const seen: number[][][] = [];
    const diverging = {
      variables: model.variables,
      loss: (...args: Parameters<ToyModel['loss']>) => {
        const { loss, weight } = model.loss(...args);
        if (model.calls !== 4) return { loss, weight };
        const poison = tf.customGrad((x) => ({
          value: where === 'loss' ? tf.mul(x as tf.Tensor, bad) : (x as tf.Tensor).clone(),
          gradFunc: (dy: tf.Tensor) => tf.mul(dy, bad),
        }));
        return { loss: poison(loss) as tf.Scalar, weight };
      },
    };
    const onProgress = () => seen.push(model.values());
    const options = { batchSize: 4, learningRate: 0.01, lrSchedulerType: 'constant' } as const;
    const error = await errorOf(train(diverging, new ToyData(40), { ...options, onProgress }));
    expect(error.code).toBe('NON_FINITE_LOSS');
    expect(error.message).toContain(`${where} became ${bad} at step 4 (learning rate 0.01)`);
    expect(error.message).toContain('the weights are those after step 3');
    expect(model.values()).toEqual(seen[2]);
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });

  test('a last update that overflows is told, too', async () => {
    const model = new ToyModel();
    const options = { maxSteps: 1, learningRate: 1e39, lrSchedulerType: 'constant' } as const;
    const error = await errorOf(train(model, new ToyData(8), options));
    expect(error.code).toBe('NON_FINITE_LOSS');
    expect(error.message).toMatch(/'hidden\.weight' are no longer finite after step 1/);
    model.dispose();
  });

  test('an AbortSignal stops between two steps and leaves the model usable', async () => {
    const model = new ToyModel();
    const data = new ToyData(40);
    const before = tf.memory().numTensors;
    const controller = new AbortController();
    const onProgress = ({ step }: Progress) => {
      if (step === 3) controller.abort(new Error('enough'));
    };
    const options = { epochs: 5, batchSize: 4, signal: controller.signal, onProgress };
    const error = await errorOf(train(model, data, options));
    expect(error.code).toBe('ABORTED');
    expect(error.name).toBe('AbortError');
    expect((error.cause as Error).message).toBe('enough');
    expect(error.message).toContain('after step 3 of 50');
    expect(model.calls).toBe(3);
    expect(tf.memory().numTensors).toBe(before);
    expect(accuracyOf(model, data)).toBeGreaterThan(0);
    await train(model, data, { epochs: 1 });
    model.dispose();
  });

  test('a timer can abort: the loop gives it its turn', async () => {
    const model = new ToyModel();
    const signal = AbortSignal.timeout(100);
    const started = performance.now();
    const error = await errorOf(train(model, new ToyData(64), { epochs: 1_000_000, signal }));
    expect(error.code).toBe('ABORTED');
    expect(performance.now() - started).toBeLessThan(5_000);
    model.dispose();
  });

  test('a signal that has fired already: nothing is done', async () => {
    const model = new ToyModel();
    const error = await errorOf(train(model, new ToyData(8), { signal: AbortSignal.abort() }));
    expect(error.code).toBe('ABORTED');
    expect(model.calls).toBe(0);
    model.dispose();
  });

  test('no batches, batches that count nothing, epochs of another size', async () => {
    const model = new ToyModel();
    const empty = await errorOf(train(model, new ToyData(0)));
    expect(empty.code).toBe('INVALID_DATA');
    expect(empty.message).toContain('nothing to train on');

    const weightless = {
      variables: model.variables,
      loss: (...args: Parameters<ToyModel['loss']>) => ({ ...model.loss(...args), weight: 0 }),
    };
    const nothing = await errorOf(train(weightless, new ToyData(8)));
    expect(nothing.code).toBe('INVALID_DATA');
    expect(nothing.message).toContain('weight is 0');

    const data = new ToyData(8);
    const growing = {
      batches: ({ epoch }: { epoch: number }) => Array.from({ length: epoch + 1 }, () => [0, 1]),
      collate: (indices: ArrayLike<number>) => data.collate(indices),
    };
    const uneven = await errorOf(train(model, growing, { epochs: 2 }));
    expect(uneven.code).toBe('INVALID_DATA');
    expect(uneven.message).toContain('Epoch 2 has 2 batches, the first had 1');
    model.dispose();
  });

  test('one variable under two names, or none to train', async () => {
    const model = new ToyModel();
    const shared = model.get('hidden.weight');
    model.variables.set('tied.weight', shared);
    const twice = await errorOf(train(model, new ToyData(8)));
    expect(twice.message).toContain("'hidden.weight' and 'tied.weight' are one and the same");
    model.variables.delete('tied.weight');
    for (const variable of model.variables.values()) variable.trainable = false;
    const none = await errorOf(train(model, new ToyData(8)));
    expect(none.message).toContain("None of the model's 4 variables is trainable");
    model.dispose();
  });

  test.each([
    ['no scalar', () => tf.ones([2, 3]), 'must be a scalar, received shape (2, 3)'],
    ['of no variable', () => tf.scalar(1), 'depends on none of the 4 trainable variables'],
  ])('a loss that is %s', async (_, makeLoss, message) => {
    const model = new ToyModel();
    const before = tf.memory().numTensors;
    const loss = () => ({ loss: makeLoss() as tf.Scalar, weight: 1 });
    const error = await errorOf(train({ variables: model.variables, loss }, new ToyData(8)));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toContain(message);
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });

  test('gradientCheckpointing with a model that has none', async () => {
    const model = new ToyModel();
    const error = await errorOf(train(model, new ToyData(8), { gradientCheckpointing: true }));
    expect(error.code).toBe('UNSUPPORTED');
    expect(error.message).toContain('train: gradientCheckpointing is true, and this model has no');
    expect(model.calls).toBe(0);
    model.dispose();
  });

  test('a weight that is no number', async () => {
    const model = new ToyModel();
    const before = tf.memory().numTensors;
    const wrong = {
      variables: model.variables,
      loss: (...args: Parameters<ToyModel['loss']>) => ({ ...model.loss(...args), weight: -1 }),
    };
    const error = await errorOf(train(wrong, new ToyData(8)));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toContain('received -1');
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });
});
