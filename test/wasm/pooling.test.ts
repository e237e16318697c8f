import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dot, expectClose, numericGradient } from './expectClose.ts';
import { anySplit, builds, GuardedMemory } from './guardedMemory.ts';
import {
  type MaskKind,
  maxKernels,
  meanKernels,
  type PoolingCase,
  sequencesOf,
} from './poolingKernels.ts';
import { randomIntegers, randomNumbers } from './randomNumbers.ts';
import {
  maskedMax,
  maskedMaxGrad,
  maskedMaxPlaces,
  maskedMean,
  maskedMeanGrad,
} from './reference/pooling.ts';

const anyCase = fc
  .record({
    B: fc.nat({ max: 6 }),
    T: fc.nat({ max: 9 }),
    D: fc.integer({ min: 1, max: 21 }),
    kind: fc.constantFrom<MaskKind>('none', 'uint8', 'int32', 'float32'),
    seed: fc.nat({ max: 9999 }),
  })
  .map(({ seed, ...shape }) => {
    const { B, T, D } = shape;
    const mask = randomIntegers(B * T, seed, 0, 2);
    const [x, dy] = [randomNumbers(B * T * D, seed + 1), randomNumbers(B * D, seed + 2)];
    return { shape: { ...shape, mask }, x, dy };
  });

describe.each(builds)('pooling kernels, $name build', ({ module }) => {
  const memory = new GuardedMemory(module);

  it('the masked mean and its gradient agree with float64', () => {
    fc.assert(
      fc.property(anyCase, anySplit, ({ shape, x, dy }, split) => {
        const { y, dx } = meanKernels(memory, split, shape, x, dy);
        expectClose(y, maskedMean(x, sequencesOf(shape)));
        expectClose(dx, maskedMeanGrad(dy, sequencesOf(shape)));
      }),
    );
  });

  it('the masked maximum, its places and its gradient are exact', () => {
    fc.assert(
      fc.property(anyCase, anySplit, ({ shape, x, dy }, split) => {
        // Equal numbers, so that the first must win.
        const coarse = x.map(Math.round);
        const { y, dx, places } = maxKernels(memory, split, shape, coarse, dy);
        const sequences = sequencesOf(shape);
        expectClose(y, maskedMax(coarse, sequences), { relative: 0, absolute: 0 });
        expect(Array.from(places)).toEqual(maskedMaxPlaces(coarse, sequences));
        const expected = maskedMaxGrad(dy, places, sequences);
        expectClose(dx, expected, { relative: 0, absolute: 0 });
      }),
    );
  });

  it('what stands in masked rows never matters, kept NaN and Infinity go through', () => {
    const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
    const [B, T, D] = [1, 3, 5];
    const mask = Int32Array.of(1, 0, 1);
    const x = Float32Array.of(
      1,
      nan,
      -infinity,
      2,
      5,
      nan,
      nan,
      nan,
      nan,
      nan,
      3,
      1,
      -infinity,
      nan,
      4,
    );
    const shape: PoolingCase = { B, T, D, kind: 'int32', mask };
    const dy = new Float32Array(D);
    expect(Array.from(meanKernels(memory, [], shape, x, dy).y)).toEqual([
      2,
      nan,
      -infinity,
      nan,
      4.5,
    ]);
    const { y, places } = maxKernels(memory, [], shape, x, dy);
    expect(Array.from(y)).toEqual([3, nan, -infinity, nan, 5]);
    expect(Array.from(places)).toEqual([2, 0, 0, 2, 0]);
  });
});

describe('pooling references', () => {
  it('the gradients are those of the forward functions', () => {
    const mask = Int32Array.of(1, 1, 0, 0, 1, 1, 0, 0);
    const sequences = sequencesOf({ B: 2, T: 4, D: 3, kind: 'int32', mask });
    const [x, dy] = [randomNumbers(24, 1), randomNumbers(6, 2)];
    const mean = numericGradient((p) => dot(maskedMean(p, sequences), dy), x);
    expectClose(maskedMeanGrad(dy, sequences), mean);
    const max = numericGradient((p) => dot(maskedMax(p, sequences), dy), x);
    expectClose(maskedMaxGrad(dy, maskedMaxPlaces(x, sequences), sequences), max);
  });
});
