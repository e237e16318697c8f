import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClose } from './expectClose.ts';
import { anySplit, builds, GuardedMemory } from './guardedMemory.ts';
import { randomNumbers } from './randomNumbers.ts';
import { columnSums, rowSums, sumOfSquares } from './reference/sums.ts';
import { columnSumsKernel, rowSumsKernel, sumOfSquaresKernel } from './sumKernels.ts';

const shape = fc.record({
  N: fc.integer({ min: 0, max: 150 }),
  D: fc.integer({ min: 1, max: 45 }),
  seed: fc.integer({ min: 0, max: 9999 }),
  split: anySplit,
});

describe.each(builds)('sum kernels, $name build', ({ module }) => {
  const memory = new GuardedMemory(module);

  it('column sums agree with float64', () => {
    fc.assert(
      fc.property(shape, ({ N, D, seed, split }) => {
        const x = randomNumbers(N * D, seed);
        expectClose(columnSumsKernel(memory, split, x, D), columnSums(x, D), { absolute: 2e-5 });
      }),
    );
  });

  it('row sums agree with float64', () => {
    fc.assert(
      fc.property(shape, ({ N, D, seed, split }) => {
        const x = randomNumbers(N * D, seed);
        expectClose(rowSumsKernel(memory, split, x, D), rowSums(x, D), { absolute: 1e-5 });
      }),
    );
  });

  it('the sum of squares is exact to float64 over many chunks, and does not overflow', () => {
    for (const n of [0, 1, 3, 4095, 4096, 4097, 20_001]) {
      const x = randomNumbers(n, n);
      const total = sumOfSquaresKernel(memory, [0.2, 0.7], x);
      expectClose([total], [sumOfSquares(x)], { relative: 1e-13, absolute: 0 });
    }
    const large = Float32Array.of(3e38, 1, -3e38, 3e38, 1e38);
    expectClose([sumOfSquaresKernel(memory, [], large)], [sumOfSquares(large)]);
    expect(sumOfSquaresKernel(memory, [], Float32Array.of(1, Number.NaN))).toBeNaN();
  });

  it('non-finite numbers stay in their column or row', () => {
    const x = Float32Array.of(1, Number.NaN, 2, 3, 1, 1, Number.POSITIVE_INFINITY, 1, 1, 1, 1, 1);
    const infinity = Number.POSITIVE_INFINITY;
    const sums = columnSumsKernel(memory, [], x, 6);
    expect(Array.from(sums)).toEqual([infinity, Number.NaN, 3, 4, 2, 2]);
  });
});
