import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dot, expectClose, numericGradient } from './expectClose.ts';
import { anySplit, builds, GuardedMemory, runSplit } from './guardedMemory.ts';
import { randomIntegers, randomNumbers } from './randomNumbers.ts';
import {
  maskedMax,
  maskedMaxGrad,
  maskedMaxPlaces,
  maskedMean,
  maskedMeanGrad,
  type Sequences,
} from './reference/pooling.ts';

type MaskKind = 'none' | 'uint8' | 'int32' | 'float32';

/** How a mask lies in memory: its address, and the bytes of an element. */
function placeMask(memory: GuardedMemory, kind: MaskKind, mask: Int32Array): [number, number] {
  if (kind === 'none') return [0, 1];
  if (kind === 'uint8') return [memory.u8(mask), 1];
  // A zero has two signs in float32; both drop.
  if (kind === 'float32')
    return [memory.f32(Array.from(mask, (m, i) => (m ? 0.5 : i % 2 ? -0 : 0))), 4];
  return [memory.i32(mask), 4];
}

interface Case {
  B: number;
  T: number;
  D: number;
  kind: MaskKind;
  mask: Int32Array;
}

function sequencesOf({ B, T, D, kind, mask }: Case): Sequences {
  return { B, T, D, kept: (b, t) => kind === 'none' || mask[b * T + t] !== 0 };
}

function meanKernels(
  guarded: GuardedMemory,
  fractions: readonly number[],
  shape: Case,
  x: Float32Array,
  dy: Float32Array,
) {
  const { B, T, D, kind, mask } = shape;
  const [y, dx] = runSplit(guarded, fractions, (memory, parts) => {
    const [address, bytes] = placeMask(memory, kind, mask);
    const [input, output] = [memory.f32(x), memory.f32(B * D)];
    const [d, gradient] = [memory.f32(dy), memory.f32(B * T * D)];
    for (const [begin, end] of parts(B)) {
      memory.kernels.f32_maskedMean!(input, address, bytes, output, T, D, begin, end);
      memory.kernels.f32_maskedMeanGrad!(d, address, bytes, gradient, T, D, begin, end);
    }
    return [memory.readF32(output, B * D), memory.readF32(gradient, B * T * D)];
  }) as [Float32Array, Float32Array];
  return { y, dx };
}

function maxKernels(
  guarded: GuardedMemory,
  fractions: readonly number[],
  shape: Case,
  x: Float32Array,
  dy: Float32Array,
) {
  const { B, T, D, kind, mask } = shape;
  const [y, dx, places] = runSplit(guarded, fractions, (memory, parts) => {
    const [address, bytes] = placeMask(memory, kind, mask);
    const [input, output, times] = [memory.f32(x), memory.f32(B * D), memory.allocate(4 * B * D)];
    const [d, gradient] = [memory.f32(dy), memory.f32(B * T * D)];
    for (const [begin, end] of parts(B)) {
      memory.kernels.f32_maskedMax!(input, address, bytes, output, times, T, D, begin, end);
      memory.kernels.f32_maskedMaxGrad!(d, times, gradient, T, D, begin, end);
    }
    const out = [memory.readF32(output, B * D), memory.readF32(gradient, B * T * D)] as const;
    return [...out, memory.readI32(times, B * D)];
  }) as [Float32Array, Float32Array, Int32Array];
  return { y, dx, places };
}

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
    const shape: Case = { B, T, D, kind: 'int32', mask };
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
