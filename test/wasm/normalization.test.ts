import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dot, expectClose, numericGradient } from './expectClose.ts';
import { anySplit, builds, GuardedMemory } from './guardedMemory.ts';
import {
  layerNormGradKernel,
  layerNormKernel,
  rmsNormGradKernel,
  rmsNormKernel,
} from './normalizationKernels.ts';
import { randomNumbers } from './randomNumbers.ts';
import {
  layerNorm,
  layerNormGrad,
  layerNormStats,
  rmsNorm,
  rmsNormGrad,
  rmsNormInverses,
} from './reference/normalization.ts';

const EPSILON = 1e-5;
const shape = fc.record({
  // Up to three chunks of 64 rows.
  N: fc.integer({ min: 0, max: 140 }),
  D: fc.integer({ min: 1, max: 41 }),
  seed: fc.integer({ min: 0, max: 9999 }),
  split: anySplit,
});

describe.each(builds)('normalization kernels, $name build', ({ module }) => {
  const memory = new GuardedMemory(module);

  it('layerNorm and its gradient agree with float64', () => {
    fc.assert(
      fc.property(shape, ({ N, D, seed, split }) => {
        const x = randomNumbers(N * D, seed);
        const [gamma, beta] = [randomNumbers(D, seed + 1), randomNumbers(D, seed + 2)];
        const dy = randomNumbers(N * D, seed + 3);
        const { y, stats } = layerNormKernel(memory, split, {
          x,
          gamma,
          beta,
          D,
          epsilon: EPSILON,
        });
        // Rounding errors of x and of its mean are stretched by 1 / deviation, twice in dx.
        const stretch = Math.max(1, ...stats.filter((_, i) => i % 2 === 1));
        expectClose(stats, layerNormStats(x, N, D, EPSILON), {
          relative: 1e-6 * stretch,
          absolute: 1e-6,
        });
        expectClose(y, layerNorm(x, gamma, beta, N, D, EPSILON), { absolute: 3e-6 * stretch });
        const { dx, dgamma, dbeta } = layerNormGradKernel(memory, split, {
          x,
          dy,
          gamma,
          stats,
          D,
        });
        const expected = layerNormGrad(x, dy, gamma, N, D, EPSILON);
        expectClose(dx, expected.dx, { absolute: 5e-6 * stretch ** 2 });
        expectClose(dgamma, expected.dgamma, { absolute: 2e-5 * stretch });
        expectClose(dbeta, expected.dbeta, { absolute: 2e-5 });
      }),
      { numRuns: 60 },
    );
  });

  it('layerNorm normalizes the sum with a residual and passes a second gradient on', () => {
    const [N, D] = [67, 13];
    const [x, residual] = [randomNumbers(N * D, 1), randomNumbers(N * D, 2)];
    const [gamma, beta] = [randomNumbers(D, 3), randomNumbers(D, 4)];
    const total = x.map((value, i) => value + residual[i]!);
    const { y, sum, stats } = layerNormKernel(memory, [0.3], {
      x,
      residual,
      gamma,
      beta,
      D,
      epsilon: EPSILON,
    });
    expect(sum).toEqual(total);
    expectClose(y, layerNorm(total, gamma, beta, N, D, EPSILON), { absolute: 2e-5 });
    const [dy, dSum] = [randomNumbers(N * D, 5), randomNumbers(N * D, 6)];
    const { dx } = layerNormGradKernel(memory, [0.6], { x: total, dy, dSum, gamma, stats, D });
    const expected = layerNormGrad(total, dy, gamma, N, D, EPSILON).dx;
    expectClose(
      dx,
      expected.map((value, i) => value + dSum[i]!),
      { absolute: 3e-5 },
    );
  });

  it('rmsNorm and its gradient agree with float64', () => {
    fc.assert(
      fc.property(shape, ({ N, D, seed, split }) => {
        const x = randomNumbers(N * D, seed);
        const [gamma, dy] = [randomNumbers(D, seed + 1), randomNumbers(N * D, seed + 3)];
        const { y, inverses } = rmsNormKernel(memory, split, { x, gamma, D, epsilon: EPSILON });
        expectClose(inverses, rmsNormInverses(x, N, D, EPSILON));
        expectClose(y, rmsNorm(x, gamma, N, D, EPSILON));
        const { dx, dgamma } = rmsNormGradKernel(memory, split, { x, dy, gamma, inverses, D });
        const expected = rmsNormGrad(x, dy, gamma, N, D, EPSILON);
        // With few columns dx is a small difference of terms as large as 1 / deviation.
        const stretch = Math.max(1, ...inverses);
        expectClose(dx, expected.dx, { absolute: 4e-6 * stretch });
        expectClose(dgamma, expected.dgamma, { absolute: 3e-5 });
      }),
      { numRuns: 60 },
    );
  });

  it('rmsNorm normalizes the sum with a residual and passes a second gradient on', () => {
    const [N, D] = [3, 7];
    const [x, residual, gamma] = [21, 21, 7].map((n, i) => randomNumbers(n, i)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const total = x.map((value, i) => value + residual[i]!);
    const { y, sum, inverses } = rmsNormKernel(memory, [0.5], {
      x,
      residual,
      gamma,
      D,
      epsilon: EPSILON,
    });
    expect(sum).toEqual(total);
    expectClose(y, rmsNorm(total, gamma, N, D, EPSILON));
    const [dy, dSum] = [randomNumbers(N * D, 5), randomNumbers(N * D, 6)];
    const { dx } = rmsNormGradKernel(memory, [], { x: total, dy, dSum, gamma, inverses, D });
    const expected = rmsNormGrad(total, dy, gamma, N, D, EPSILON).dx;
    expectClose(
      dx,
      expected.map((value, i) => value + dSum[i]!),
      { absolute: 1e-5 },
    );
  });

  it('large numbers normalize as float32 allows, though their sums leave it', () => {
    for (const D of [1, 5, 8, 33]) {
      const [gamma, beta] = [randomNumbers(D, 1), randomNumbers(D, 2)];
      // The mean is a float32, the squares are not: 1 / deviation is 0.
      const huge = new Float32Array(2 * D).fill(1e38).fill(3e38, 0, 1);
      const { y } = layerNormKernel(memory, [], { x: huge, gamma, beta, D, epsilon: EPSILON });
      const last = layerNorm(huge.subarray(D), gamma, beta, 1, D, EPSILON);
      expectClose(y, [...(D === 1 ? last : beta), ...last], { absolute: 1e-5 });
      // The squares are float32, their sums are not.
      const large = randomNumbers(2 * D, 3, 1.8e19);
      const layer = layerNormKernel(memory, [], { x: large, gamma, beta, D, epsilon: EPSILON });
      const expected = layerNorm(large, gamma, beta, 2, D, EPSILON);
      if (D > 1) expectClose(layer.y, expected, { relative: 1e-5, absolute: 1e-5 });
      const rms = rmsNormKernel(memory, [], { x: large, gamma, D, epsilon: EPSILON });
      expectClose(rms.y, rmsNorm(large, gamma, 2, D, EPSILON), { absolute: 1e-5 });
    }
  });

  it('a NaN or Infinity spoils its own row and no other', () => {
    const D = 6;
    const gamma = new Float32Array(D).fill(1);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      for (const place of [0, 5]) {
        const x = randomNumbers(3 * D, 8);
        x[D + place] = bad;
        const layer = layerNormKernel(memory, [], { x, gamma, beta: gamma, D, epsilon: EPSILON });
        expect(Array.from(layer.y, Number.isFinite)).toEqual(
          Array.from(x, (_, i) => i < D || i >= 2 * D),
        );
        const rms = rmsNormKernel(memory, [], { x, gamma, D, epsilon: EPSILON }).y;
        expectClose(rms, rmsNorm(x, gamma, 3, D, EPSILON));
      }
    }
  });
});

describe('normalization references', () => {
  const [N, D] = [3, 5];
  const [x, gamma, beta, dy] = [N * D, D, D, N * D].map((n, i) => randomNumbers(n, i)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const exact = { relative: 1e-6, absolute: 1e-7 };

  it('layerNormGrad is the gradient of layerNorm', () => {
    const { dx, dgamma, dbeta } = layerNormGrad(x, dy, gamma, N, D, EPSILON);
    expectClose(
      dx,
      numericGradient((p) => dot(layerNorm(p, gamma, beta, N, D, EPSILON), dy), x),
      exact,
    );
    expectClose(
      dgamma,
      numericGradient((p) => dot(layerNorm(x, p, beta, N, D, EPSILON), dy), gamma),
      exact,
    );
    expectClose(
      dbeta,
      numericGradient((p) => dot(layerNorm(x, gamma, p, N, D, EPSILON), dy), beta),
      exact,
    );
  });

  it('rmsNormGrad is the gradient of rmsNorm', () => {
    const { dx, dgamma } = rmsNormGrad(x, dy, gamma, N, D, EPSILON);
    expectClose(
      dx,
      numericGradient((p) => dot(rmsNorm(p, gamma, N, D, EPSILON), dy), x),
      exact,
    );
    expectClose(
      dgamma,
      numericGradient((p) => dot(rmsNorm(x, p, N, D, EPSILON), dy), gamma),
      exact,
    );
  });
});
