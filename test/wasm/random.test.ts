import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClose } from './expectClose.ts';
import { anySplit, builds, firstDifference, GuardedMemory } from './guardedMemory.ts';
import { normal, randomKernel, uniform } from './randomKernels.ts';
import { erf } from './reference/activation.ts';
import { inverseErf } from './reference/inverseErf.ts';

const seeds = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

describe.each(builds)('random kernels, $name build', ({ module }) => {
  const memory = new GuardedMemory(module);

  it('uniform numbers are the reference, for any seed, length and split', () => {
    fc.assert(
      fc.property(fc.nat({ max: 60 }), seeds, anySplit, (n, seed, split) => {
        const y = randomKernel(memory, split, 'f32_randomUniform', n, [seed, -0.5, 1.5]);
        expectClose(y, uniform(n, seed, -0.5, 1.5), { absolute: 2e-7 });
      }),
    );
  });

  it('normal numbers are the reference, for any seed, length and split', () => {
    fc.assert(
      fc.property(fc.nat({ max: 60 }), seeds, anySplit, (n, seed, split) => {
        const y = randomKernel(memory, split, 'f32_randomNormal', n, [seed, 0.1, 2]);
        expectClose(y, normal(n, seed, 0.1, 2), { relative: 1e-5, absolute: 1e-6 });
      }),
    );
  });

  it('have the moments and the tails of their distributions', () => {
    const n = 100_000;
    const y = randomKernel(memory, [], 'f32_randomNormal', n, [42, 0, 1]);
    const moment = (power: number) => y.reduce((sum, value) => sum + value ** power, 0) / n;
    // Five standard errors each.
    expect(Math.abs(moment(1))).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / n));
    for (const limit of [1, 2, 3]) {
      const share = 1 - erf(limit / Math.SQRT2);
      const beyond = y.filter((value) => Math.abs(value) > limit).length;
      expect(Math.abs(beyond - n * share)).toBeLessThan(5 * Math.sqrt(n * share));
    }
    const flat = randomKernel(memory, [], 'f32_randomUniform', n, [42, 0, 1]);
    for (let bin = 0; bin < 10; bin++) {
      const inside = flat.filter((value) => Math.floor(value * 10) === bin).length;
      expect(Math.abs(inside - n / 10)).toBeLessThan(5 * Math.sqrt(n * 0.09));
    }
  });

  it('neighbours are not correlated', () => {
    const n = 50_000;
    const y = randomKernel(memory, [], 'f32_randomNormal', n, [7, 0, 1]);
    for (const distance of [1, 2, 4, 128]) {
      let sum = 0;
      for (let i = distance; i < n; i++) sum += y[i]! * y[i - distance]!;
      expect(Math.abs(sum / n)).toBeLessThan(5 / Math.sqrt(n));
    }
  });
});

describe.skipIf(builds.length < 2)('random kernels of both builds', () => {
  it('give the same bits', () => {
    for (const name of ['f32_randomUniform', 'f32_randomNormal'] as const) {
      const [plain, relaxed] = builds.map(({ module }) =>
        randomKernel(new GuardedMemory(module), [], name, 10_000, [3, 0.1, 0.7]),
      );
      expect(firstDifference(relaxed!, plain!)).toBe(-1);
    }
  });
});

describe('random references', () => {
  it('inverseErf inverts erf', () => {
    for (const x of [-4.2, -2, -0.3, 0, 1e-6, 0.7, 1.9, 3.5]) {
      expect(inverseErf(erf(x))).toBeCloseTo(x, 6);
    }
  });
});
