import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AnyformerBackend } from '../../src/engine/backend.ts';
import { adamWUpdate } from '../../src/kernels/adamUpdate.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { linear } from '../../src/kernels/linear.ts';

let backend: AnyformerBackend;
beforeAll(async () => {
  backend = (await createEngine()).backend!;
});
afterEach(() => tf.disposeVariables());

const [M, K, N] = [5, 37, 19];
const name = `packed ${K} ${N} false`;
const input = () => tf.randomNormal([M, K], 0, 1, 'float32', 1);
const weight = () =>
  tf.tidy(() => tf.variable(tf.randomNormal([K, N], 0, 1, 'float32', 2) as tf.Tensor2D));
const product = (x: tf.Tensor, w: tf.Tensor2D) => {
  const y = linear(x, w);
  const values = y.dataSync();
  y.dispose();
  return values;
};

describe('the packed copy of a weight', () => {
  it('is kept from the second product on, with the same bits', () => {
    const x = input();
    const w = weight();
    const first = product(x, w);
    expect(backend.derived(w.dataId, name)).toBe(0);
    expect(product(x, w)).toEqual(first);
    const address = backend.derived(w.dataId, name)!;
    expect(address).toBeGreaterThan(0);
    // Nothing says that they change, so nobody looks at them again.
    backend.typedArrayFromHeap(w).fill(0);
    expect(product(x, w)).toEqual(first);
    expect(backend.derived(w.dataId, name)).toBe(address);
    x.dispose();
  });

  it('goes when the weight is updated in place', () => {
    const x = input();
    const w = weight();
    for (let i = 0; i < 2; i++) product(x, w);
    const [m, v] = [tf.variable(tf.zerosLike(w)), tf.variable(tf.zerosLike(w))];
    adamWUpdate(w, tf.ones([K, N]), m, v, { learningRate: 0.5, step: 1 });
    expect(backend.derived(w.dataId, name)).toBeUndefined();
    const expected = product(x, tf.tensor2d(w.dataSync() as Float32Array, [K, N]));
    for (let i = 0; i < 3; i++) expect(product(x, w)).toEqual(expected);
    x.dispose();
  });

  it('goes when the weight is assigned to, and its memory with it', () => {
    const x = input();
    const w = weight();
    for (let i = 0; i < 2; i++) product(x, w);
    const address = backend.derived(w.dataId, name)!;
    const free = vi.spyOn(backend.heap, 'free');
    w.assign(tf.ones([K, N]));
    expect(free).toHaveBeenCalledWith(address);
    free.mockRestore();
    const sums = tf.tidy(() => tf.mul(tf.sum(x, 1, true), tf.ones([1, N])).dataSync());
    const y = product(x, w);
    for (const [i, sum] of sums.entries()) expect(y[i]).toBeCloseTo(sum, 4);
    x.dispose();
  });

  it('is another one for other shapes of the same elements', () => {
    const w = weight();
    const x = input();
    const other = tf.randomNormal([M, N], 0, 1, 'float32', 3);
    const reshaped = tf.reshape(w, [N, K]) as tf.Tensor2D;
    const expected = product(other, tf.tensor2d(w.dataSync() as Float32Array, [N, K]));
    for (let i = 0; i < 3; i++) {
      product(x, w);
      expect(product(other, reshaped)).toEqual(expected);
    }
    tf.dispose([x, other, reshaped]);
  });
});
