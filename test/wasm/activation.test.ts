import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activate, activationGrad } from './activationKernels.ts';
import { expectClose } from './expectClose.ts';
import { anySplit, builds, GuardedMemory } from './guardedMemory.ts';
import { randomNumbers } from './randomNumbers.ts';
import { activations, erf } from './reference/activation.ts';

/** Every size a network meets, dense near zero, and the far tails where powers overflow. */
const sweep = Float32Array.from([
  ...Array.from({ length: 4001 }, (_, i) => (i - 2000) / 150),
  ...[-1e30, -1e10, -3000, -100, -20, 20, 100, 3000, 1e10, 1e30],
]);
const ones = new Float32Array(sweep.length).fill(1);

describe.each(builds)('activation kernels, $name build', ({ module }) => {
  const memory = new GuardedMemory(module);

  describe.each(activations)('$name', ({ code, value, slope }) => {
    it('agrees with float64 from one tail to the other', () => {
      expectClose(activate(memory, [], code, sweep), Array.from(sweep, value), {
        relative: 1e-6,
        absolute: 1e-6,
      });
    });

    it('has the slope of float64 from one tail to the other', () => {
      expectClose(activationGrad(memory, [], code, sweep, ones), Array.from(sweep, slope), {
        relative: 1e-6,
        absolute: 5e-7,
      });
    });

    it('takes any length and split, forward and backward', () => {
      const size = fc.record({ n: fc.integer({ min: 0, max: 37 }), split: anySplit });
      fc.assert(
        fc.property(size, ({ n, split }) => {
          const [x, dy] = [randomNumbers(n, n, 7), randomNumbers(n, n + 1)];
          expectClose(activate(memory, split, code, x), Array.from(x, value));
          const expected = Array.from(x, (v, i) => slope(v) * dy[i]!);
          expectClose(activationGrad(memory, split, code, x, dy), expected);
        }),
        { numRuns: 40 },
      );
    });

    it('gives NaN and Infinity where the formula has them', () => {
      const x = Float32Array.of(
        Number.NaN,
        Number.POSITIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
        0,
        -0,
      );
      expectClose(activate(memory, [0.5], code, x), Array.from(x, value));
      const dy = Float32Array.of(1, Number.NaN, 1, Number.POSITIVE_INFINITY, 1);
      const finite = Array.from(x, (v, i) => slope(i === 0 ? 0 : v) * dy[i]!);
      const dx = activationGrad(memory, [], code, x, dy);
      if (code !== 0) expect(dx[0]).toBeNaN();
      expectClose(dx.slice(1), finite.slice(1));
    });

    it('works in place', () => {
      memory.reset();
      const x = memory.f32(sweep);
      memory.kernels.f32_activation!(code, x, x, 0, sweep.length);
      expect(memory.readF32(x, sweep.length).slice()).toEqual(activate(memory, [], code, sweep));
    });
  });
});

describe('activation references', () => {
  it('erf agrees with published values', () => {
    // Abramowitz and Stegun, table 7.1.
    const table = [
      [0.5, 0.5204998778130465],
      [1, 0.8427007929497149],
      [2, 0.9953222650189527],
      [2.6, 0.9997639655834707],
    ] as const;
    for (const [x, expected] of table) {
      expect(erf(x)).toBeCloseTo(expected, 14);
      expect(erf(-x)).toBeCloseTo(-expected, 14);
    }
  });

  it.each(activations)('the slope of $name is its derivative', ({ value, slope }) => {
    for (const x of [-3.3, -1, -0.4, 0.3, 1.7, 4, 7.5]) {
      const h = 1e-6;
      expect(slope(x)).toBeCloseTo((value(x + h) - value(x - h)) / (2 * h), 8);
    }
  });
});
