import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dot, expectClose, numericGradient } from './expectClose.ts';
import { anySplit, builds, GuardedMemory } from './guardedMemory.ts';
import { randomIntegers, randomNumbers } from './randomNumbers.ts';
import { type Rotation, rotary } from './reference/rotary.ts';
import { type RotaryCase, rotaryKernel, rotationOf, spread } from './rotaryKernel.ts';

const anyCase = fc
  .record({
    N: fc.nat({ max: 9 }),
    T: fc.integer({ min: 1, max: 5 }),
    heads: fc.integer({ min: 1, max: 3 }),
    half: fc.integer({ min: 0, max: 11 }),
    unturned: fc.nat({ max: 5 }),
    interleaved: fc.boolean(),
    inverse: fc.boolean(),
    gap: fc.constantFrom(0, 3),
    hasPositions: fc.boolean(),
    seed: fc.nat({ max: 9999 }),
  })
  .map(({ half, unturned, hasPositions, seed, ...shape }) => {
    const { N, T, heads } = shape;
    const angles = randomNumbers(T * half, seed, 4);
    const headDim = Math.max(2 * half + unturned, 1);
    const positions = hasPositions ? { positions: randomIntegers(N, seed, 0, T) } : {};
    const tables = { cos: angles.map(Math.cos), sin: angles.map(Math.sin) };
    const x = randomNumbers(N * heads * headDim, seed + 1);
    return { x, shape: { ...shape, ...tables, ...positions, headDim, rotaryDim: 2 * half } };
  });

describe.each(builds)('rotary kernel, $name build', ({ module }) => {
  const memory = new GuardedMemory(module);

  it('agrees with float64: both pairings, both directions, part of a head, strided rows', () => {
    fc.assert(
      fc.property(anyCase, anySplit, ({ shape, x }, split) => {
        const y = rotaryKernel(memory, split, shape, x);
        const width = shape.heads * shape.headDim;
        const expected = Float32Array.from(rotary(x, rotationOf(shape)));
        // The gaps hold NaN before and after: nothing is written between the rows.
        expectClose(y, spread(expected, width, shape.gap));
      }),
    );
  });

  it('works in place', () => {
    fc.assert(
      fc.property(anyCase, anySplit, ({ shape, x }, split) => {
        const apart = rotaryKernel(memory, [], shape, x);
        expect(rotaryKernel(memory, split, shape, x, true)).toEqual(apart);
      }),
    );
  });

  it('the inverse takes the rotation back', () => {
    fc.assert(
      fc.property(anyCase, ({ shape, x }) => {
        const turned = { ...shape, gap: 0 };
        const y = rotaryKernel(memory, [], turned, x);
        expectClose(rotaryKernel(memory, [], { ...turned, inverse: !shape.inverse }, y), x);
      }),
    );
  });

  it('a NaN reaches its own pair only', () => {
    const angles = randomNumbers(2, 1);
    const shape: RotaryCase = {
      ...{ N: 1, T: 1, heads: 1, headDim: 5, rotaryDim: 4, gap: 0, inverse: false },
      ...{ interleaved: false, cos: angles.map(Math.cos), sin: angles.map(Math.sin) },
    };
    const y = rotaryKernel(memory, [], shape, Float32Array.of(1, Number.NaN, 1, 1, 1));
    expect(Array.from(y, Number.isNaN)).toEqual([false, true, false, true, false]);
  });
});

describe('rotary reference', () => {
  it.each([true, false])('its inverse is its gradient, interleaved %s', (interleaved) => {
    const angles = randomNumbers(9, 1, 3);
    const rotation: Rotation = {
      ...{ heads: 2, headDim: 7, rotaryDim: 6, interleaved, inverse: false },
      ...{ cos: angles.map(Math.cos), sin: angles.map(Math.sin), position: (row) => row % 3 },
    };
    const [x, dy] = [randomNumbers(42, 2), randomNumbers(42, 3)];
    const numeric = numericGradient((p) => dot(rotary(p, rotation), dy), x);
    expectClose(rotary(dy, { ...rotation, inverse: true }), numeric);
  });
});
