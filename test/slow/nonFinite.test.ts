import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as fc from 'fast-check';
import { afterEach, beforeAll, test } from 'vitest';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { expectAsOnCpu } from '../support/nonFinite.ts';
import { anyContamination, nonFiniteCases } from '../support/nonFiniteCases.ts';

// The property of test/kernels/nonFinite.test.ts, more often.

beforeAll(async () => {
  await createEngine();
});

afterEach(async () => {
  await tf.setBackend('wasm');
});

test.each(nonFiniteCases)('%s', { timeout: 300_000 }, async (_, make, differences) => {
  await fc.assert(
    fc.asyncProperty(anyContamination, (c) => expectAsOnCpu(make, c, differences)),
    { numRuns: 150 },
  );
});
