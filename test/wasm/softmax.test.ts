import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dot, expectClose, numericGradient } from './expectClose.ts';
import { anySplit, builds, GuardedMemory } from './guardedMemory.ts';
import { randomNumbers } from './randomNumbers.ts';
import { logSoftmax, logSoftmaxGrad, rowsOf, softmax, softmaxGrad } from './reference/softmax.ts';
import { logSoftmaxKernel, softmaxGradKernel, softmaxKernel } from './softmaxKernels.ts';

const shape = fc.record({
  N: fc.integer({ min: 0, max: 9 }),
  D: fc.integer({ min: 1, max: 45 }),
  scale: fc.constantFrom(0.1, 3, 40),
  seed: fc.integer({ min: 0, max: 9999 }),
  split: anySplit,
});

describe.each(builds)('softmax kernels, $name build', ({ module }) => {
  const memory = new GuardedMemory(module);

  it('softmax and its gradient agree with float64', () => {
    fc.assert(
      fc.property(shape, ({ N, D, scale, seed, split }) => {
        const x = randomNumbers(N * D, seed, scale);
        const y = softmaxKernel(memory, split, x, D);
        expectClose(y, rowsOf(x, D).flatMap(softmax), { relative: 1e-5, absolute: 1e-7 });
        const dy = randomNumbers(N * D, seed + 1);
        const dx = softmaxGradKernel(memory, split, 'f32_softmaxGrad', y, dy, D, 0.5);
        const expected = rowsOf(y, D).flatMap((row, i) => softmaxGrad(row, rowsOf(dy, D)[i]!));
        expectClose(
          dx,
          expected.map((d) => 0.5 * d),
          { absolute: 1e-6 },
        );
      }),
    );
  });

  it('softmax scales, then adds the mask that several rows share', () => {
    const [D, rowsPerMask, scale] = [7, 3, 0.25];
    const x = randomNumbers(6 * D, 1, 9);
    const mask = Float32Array.from({ length: 2 * D }, (_, i) =>
      i % 3 === 0 ? Number.NEGATIVE_INFINITY : i / 10,
    );
    const y = softmaxKernel(memory, [0.4], x, D, { mask, rowsPerMask, scale });
    const expected = rowsOf(x, D).flatMap((row, n) =>
      softmax(row.map((v, j) => v * scale + mask[Math.floor(n / rowsPerMask) * D + j]!)),
    );
    expectClose(y, expected);
    for (const [i, p] of y.entries()) {
      const isMasked = mask[Math.floor(i / D / rowsPerMask) * D + (i % D)]! < 0;
      expect(p === 0).toBe(isMasked);
    }
  });

  it('logSoftmax and its gradient agree with float64', () => {
    fc.assert(
      fc.property(shape, ({ N, D, scale, seed, split }) => {
        const x = randomNumbers(N * D, seed, scale);
        const y = logSoftmaxKernel(memory, split, x, D);
        expectClose(y, rowsOf(x, D).flatMap(logSoftmax), { absolute: 2e-6 });
        const dy = randomNumbers(N * D, seed + 1);
        const dx = softmaxGradKernel(memory, split, 'f32_logSoftmaxGrad', y, dy, D);
        const expected = rowsOf(y, D).flatMap((row, i) => logSoftmaxGrad(row, rowsOf(dy, D)[i]!));
        expectClose(dx, expected, { absolute: 2e-5 });
      }),
    );
  });

  it('large logits lose nothing to their size, small probabilities are exactly zero', () => {
    const x = Float32Array.of(3e4, 3e4 - 1, 3e4 - 87, 3e4 - 200, -3e38);
    const y = softmaxKernel(memory, [], x, 5);
    // All but what float32 would hold as a denormal.
    expectClose(y, softmax(x), { absolute: 2 ** -126, relative: 1e-5 });
    expect([y[3], y[4]]).toEqual([0, 0]);
    expectClose(logSoftmaxKernel(memory, [], x, 5), logSoftmax(x));
  });

  it('a row without a number above -Infinity, or with NaN or Infinity, follows the formula', () => {
    const none = Number.NEGATIVE_INFINITY;
    for (const D of [3, 8]) {
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, none]) {
        for (let place = 0; place < D; place++) {
          const x = randomNumbers(3 * D, place);
          x[D + place] = bad;
          if (bad === none) x.fill(none, D, 2 * D);
          expectClose(softmaxKernel(memory, [], x, D), rowsOf(x, D).flatMap(softmax));
          expectClose(logSoftmaxKernel(memory, [], x, D), rowsOf(x, D).flatMap(logSoftmax));
        }
      }
    }
  });

  it('works in place', () => {
    const [x, D] = [randomNumbers(35, 4), 7];
    const expected = softmaxKernel(memory, [], x, D);
    memory.reset();
    const address = memory.f32(x);
    memory.kernels.f32_softmax!(address, 0, 1, 1, address, D, 0, 5);
    expect(memory.readF32(address, 35).slice()).toEqual(expected);
  });
});

describe('softmax references', () => {
  it('the gradients are those of the forward functions', () => {
    const [x, dy] = [randomNumbers(6, 1), randomNumbers(6, 2)];
    const exact = { relative: 1e-6, absolute: 1e-8 };
    const numeric = (f: (p: number[]) => number[]) => numericGradient((p) => dot(f(p), dy), x);
    expectClose(softmaxGrad(softmax(x), dy), numeric(softmax), exact);
    expectClose(logSoftmaxGrad(logSoftmax(x), dy), numeric(logSoftmax), exact);
  });
});
