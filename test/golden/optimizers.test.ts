import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { batchGradients } from '../../src/train/gradients.ts';
import {
  createOptimizer,
  type OptimizerName,
  type OptimizerSettings,
} from '../../src/train/optimizers/createOptimizer.ts';
import { sharedDataOrSay } from '../support/sharedData.ts';

interface Trajectory {
  losses: number[];
  W: { shape: [number, number]; data: number[] };
  b: { shape: [number]; data: number[] };
}

const path = sharedDataOrSay(
  'reference/hf-parity/optimizers.json',
  "the optimizers' trajectories against PyTorch's",
);

const settings: OptimizerSettings = {
  weightDecay: 0,
  adamBeta1: 0.9,
  adamBeta2: 0.999,
  adamEpsilon: 1e-8,
  momentum: 0,
  nesterov: false,
  decays: () => true,
};

const rows: [string, OptimizerName, number, Partial<OptimizerSettings>][] = [
  ['sgd0.1', 'sgd', 0.1, {}],
  ['sgd0.1_mom0.9', 'sgd', 0.1, { momentum: 0.9 }],
  ['sgd_nesterov', 'sgd', 0.1, { momentum: 0.9, nesterov: true }],
  ['adam1e-2', 'adam', 0.01, {}],
  ['adamw1e-2_wd0.1', 'adamw', 0.01, { weightDecay: 0.1 }],
  ['rmsprop', 'rmsprop', 0.01, {}],
  ['adagrad', 'adagrad', 0.01, {}],
];

/** The problem the file describes in `setup`; W is transposed, as kernels are here. */
function problem() {
  const x = tf.linspace(-2, 2, 20).reshape([5, 4]);
  const labels = tf.oneHot(tf.tensor1d([0, 1, 2, 1, 0], 'int32'), 3);
  const weights = tf.linspace(-1, 1, 12).reshape([3, 4]);
  const variables = new Map<string, tf.Variable>([
    ['W', tf.variable(tf.transpose(weights))],
    ['b', tf.variable(tf.tensor1d([0.1, -0.2, 0.3]))],
  ]);
  const loss = () => {
    const logits = tf.add(
      tf.matMul(x as tf.Tensor2D, variables.get('W')! as never),
      variables.get('b')!,
    );
    const nll = tf.neg(tf.sum(tf.mul(labels, tf.logSoftmax(logits)), -1));
    return { loss: tf.mean(nll) as tf.Scalar, weight: 5 };
  };
  return { variables, loss, inputs: [x, labels, weights] };
}

describe.skipIf(path === undefined)("20 steps as PyTorch's optimizers make them", () => {
  let reference: Record<string, Trajectory>;

  beforeAll(async () => {
    await createEngine();
    reference = JSON.parse(readFileSync(path!, 'utf8'));
  });

  test('every trajectory of the file has its row', () => {
    const names = Object.keys(reference).filter((name) => name !== 'setup');
    expect(rows.map(([name]) => name).sort()).toEqual(names.sort());
  });

  test.each(rows)('%s', (name, optimizerName, learningRate, own) => {
    const expected = reference[name]!;
    const { variables, loss, inputs } = problem();
    const optimizer = createOptimizer(optimizerName, { ...settings, ...own });
    const losses: number[] = [];
    for (let step = 0; step < expected.losses.length; step++) {
      const result = batchGradients(variables, loss);
      losses.push(result.loss);
      optimizer.step(variables, result.gradients, { learningRate, gradientScale: 1 });
      tf.dispose([...result.gradients.values()]);
    }
    const kernel = variables.get('W')!;
    const weights = tf.tidy(() => Array.from(tf.transpose(kernel).dataSync()));
    const bias = Array.from(variables.get('b')!.dataSync());
    expect(largestDifference(losses, expected.losses)).toBeLessThan(1e-5);
    expect(largestDifference(weights, expected.W.data)).toBeLessThan(1e-5);
    expect(largestDifference(bias, expected.b.data)).toBeLessThan(1e-5);
    optimizer.dispose();
    tf.dispose([...variables.values(), ...inputs]);
  });
});

function largestDifference(actual: number[], expected: number[]): number {
  expect(actual.length).toBe(expected.length);
  return Math.max(...actual.map((x, i) => Math.abs(x - expected[i]!)));
}
