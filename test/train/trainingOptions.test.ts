import { describe, expect, test } from 'vitest';
import { AnyformerError } from '../../src/core/errors.ts';
import { resolveTrainingOptions } from '../../src/train/trainingOptions.ts';

const resolve = (options: unknown, canEvaluate = true) =>
  resolveTrainingOptions('train', options, canEvaluate);

describe('training options', () => {
  test('the defaults', () => {
    expect(resolve({})).toEqual({
      epochs: 1,
      batchSize: 32,
      gradientAccumulationSteps: 1,
      gradientCheckpointing: false,
      shuffle: true,
      seed: 42,
      optimizer: 'adamw',
      learningRate: 1e-3,
      weightDecay: 0,
      adamBeta1: 0.9,
      adamBeta2: 0.999,
      adamEpsilon: 1e-8,
      momentum: 0,
      nesterov: false,
      maxGradNorm: 1,
      lrSchedulerType: 'linear',
      warmupSteps: 0,
      warmupRatio: 0,
      labelSmoothingFactor: 0,
      evalStrategy: 'epoch',
      evalSteps: 500,
      metricForBestModel: 'loss',
      greaterIsBetter: false,
      loadBestModelAtEnd: false,
      saveStrategy: 'no',
      saveSteps: 500,
      loggingSteps: 500,
    });
  });

  test('defaults that depend on other options', () => {
    expect(resolve({}, false).evalStrategy).toBe('no');
    expect(resolve({ evalSteps: 5 }).evalStrategy).toBe('steps');
    expect(resolve({ earlyStoppingPatience: 1 }).loadBestModelAtEnd).toBe(true);
    expect(resolve({ metricForBestModel: 'f1' }).greaterIsBetter).toBe(true);
    expect(resolve({ outputDir: 'out' }).saveStrategy).toBe('epoch');
    expect(resolve({ outputDir: 'out', saveSteps: 5 }).saveStrategy).toBe('steps');
  });

  test.each([
    [{ learningRate: Number.NaN }, /learningRate must be a finite number above 0, received NaN/],
    [{ learningRate: '0.1' }, /learningRate must be a finite number above 0, received '0.1'/],
    [{ batchSize: 0 }, /batchSize must be a positive integer, received 0/],
    [{ adamBeta1: 1 }, /adamBeta1 must be a number from 0 up to but not including 1, received 1/],
    [{ optimizer: 'lion' }, /optimizer must be one of 'adamw', 'adam', 'sgd'.*received 'lion'/],
    [{ lrSchedulerType: 'step' }, /lrSchedulerType must be one of 'linear', 'cosine'/],
    [{ classWeight: { spam: -1 } }, /classWeight.spam must be a finite number above 0/],
    [{ signal: {} }, /signal must be an AbortSignal/],
    [{ momentum: 0.9 }, /momentum belongs to the optimizer 'sgd', received optimizer 'adamw'/],
    [{ optimizer: 'sgd', adamBeta2: 0.9 }, /adamBeta2 belongs to the optimizer 'adamw' and 'adam'/],
    [{ optimizer: 'sgd', nesterov: true }, /nesterov needs a momentum above 0/],
    [{ warmupSteps: 5, warmupRatio: 0.1 }, /pass one of them/],
    [{ lrSchedulerType: 'constant', warmupSteps: 5 }, /use 'constant_with_warmup'/],
    [{ evalStrategy: 'epoch', evalSteps: 5 }, /evalSteps needs evalStrategy 'steps'/],
    [{ evalStrategy: 'no', earlyStoppingPatience: 2 }, /earlyStoppingPatience needs evaluations/],
    [{ saveStrategy: 'epoch' }, /saveStrategy 'epoch' needs an outputDir/],
    [{ outputDir: 'out', saveStrategy: 'no', saveSteps: 5 }, /saveSteps needs saveStrategy/],
    [{ resumeFromCheckpoint: true }, /needs an outputDir to look in/],
    [{ maxSteps: 5, epochs: 3 }, /pass one of them/],
  ])('%j is refused', (options, message) => {
    const attempt = () => resolve(options);
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(AnyformerError);
  });

  test('evaluating on nothing is refused', () => {
    expect(() => resolve({ evalStrategy: 'epoch' }, false)).toThrow(/needs validationData/);
    expect(() => resolve({ loadBestModelAtEnd: true }, false)).toThrow(/needs evaluations/);
  });

  test('an unknown option lists the known ones', () => {
    const attempt = () => resolve({ learning_rate: 1 });
    expect(attempt).toThrow(
      /unknown option 'learning_rate'; did you mean 'learningRate'\? Known are adamBeta1, .*warmupSteps/,
    );
    expect(attempt).toThrow(expect.objectContaining({ code: 'UNKNOWN_OPTION' }));
  });
});
