import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { createEngine } from '../../src/kernels/createEngine.ts';

test('there is one engine, and it is the backend of tfjs', async () => {
  const [first, second] = await Promise.all([createEngine(), createEngine({})]);
  expect(second).toBe(first);
  expect(tf.backend()).toBe(first.backend);
});

test('options that come too late are refused, not ignored', async () => {
  await createEngine();
  await expect(createEngine({ relaxed: false })).rejects.toThrow(/runs already.*relaxed/);
});
