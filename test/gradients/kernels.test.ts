import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { type KernelCase, kernelCases } from '../support/kernelCases.ts';
import { expectClose, expectNumbersClose, RandomTensors } from '../support/tensors.ts';

// Every operation with a gradient is held to the same four promises. A new one is a row of
// test/support/kernelCases.ts.

beforeAll(async () => {
  await createEngine();
});

type Sizes = [number, number, number];

/** Numbers around the widths of vectors, tiles and chunks. */
const size = fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 9, 13, 17, 31, 33);
const sizes = fc.tuple(fc.constantFrom(1, 2, 3, 5), size, size);

/** A scalar of the output in which every element counts differently. */
function weightedSum(run: KernelCase['run'], seed: number) {
  return (...inputs: tf.Tensor[]): tf.Scalar => {
    const y = run(...inputs);
    return tf.sum(tf.mul(y, new RandomTensors(seed).normal(y.shape)));
  };
}

describe.each(kernelCases)('%s', (_, make) => {
  test('gives what its composition gives, and the same gradients', () => {
    const property = fc.property(sizes, fc.nat(1e6), (shape, seed) => {
      tf.tidy(() => {
        const { inputs, run, composed } = make(new RandomTensors(seed), shape as Sizes);
        expectClose(run(...inputs), composed(...inputs));
        const actual = tf.grads(weightedSum(run, seed))(inputs);
        const expected = tf.grads(weightedSum(composed, seed))(inputs);
        for (const [i, gradient] of actual.entries()) expectClose(gradient, expected[i]!);
      });
    });
    fc.assert(property, { numRuns: 12, seed: 1 });
  });

  test('has the gradient that finite differences have', () => {
    tf.tidy(() => {
      const tensors = new RandomTensors(5);
      const { inputs, run } = make(tensors, [2, 3, 5]);
      const loss = weightedSum(run, 3);
      const gradients = tf.grads(loss)(inputs);
      for (const [i, gradient] of gradients.entries()) {
        const direction = tensors.uniform(gradient.shape);
        const lossAt = (distance: number) => {
          const moved = inputs.map((x, j) =>
            i === j ? tf.add(x, tf.mul(direction, distance)) : x,
          );
          return loss(...moved).dataSync()[0]!;
        };
        const analytic = tf.sum(tf.mul(gradient, direction)).dataSync()[0]!;
        const scale = 1 + tf.norm(gradient).dataSync()[0]!;
        // A step over a corner of relu is off by what lies behind it; a shorter one stays before it.
        const errors = [4e-3, 1e-3].map((step) => {
          const numeric = (lossAt(step) - lossAt(-step)) / (2 * step);
          return Math.abs(numeric - analytic) / scale;
        });
        expect(Math.min(...errors)).toBeLessThan(3e-3);
      }
    });
  });

  test('leaves no tensor and no byte behind', () => {
    const { inputs, run } = make(new RandomTensors(8), [2, 5, 7]);
    const loss = weightedSum(run, 3);
    const { numTensors, numBytes } = tf.memory();
    const dataIds = tf.backend().numDataIds();
    run(...inputs).dispose();
    tf.dispose(tf.grads((...xs: tf.Tensor[]) => tf.tidy(() => loss(...xs)))(inputs));
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    expect(tf.backend().numDataIds()).toBe(dataIds);
  });

  test('gives the same on a backend without our kernels', async () => {
    const seed = 21;
    const shape: Sizes = [2, 3, 5];
    const ours = tf.tidy(() => {
      const { inputs, run } = make(new RandomTensors(seed), shape);
      return run(...inputs).dataSync();
    });
    await tf.setBackend('cpu');
    try {
      const theirs = tf.tidy(() => {
        const { inputs, run } = make(new RandomTensors(seed), shape);
        return run(...inputs).dataSync();
      });
      expectNumbersClose(ours, theirs);
    } finally {
      await tf.setBackend('wasm');
    }
  });
});
