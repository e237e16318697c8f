import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_CHUNKS } from '../../src/core/sharedWork.ts';
import { divideRange, isShareable } from '../../src/engine/divideRange.ts';

const call = fc.record({
  threads: fc.integer({ min: 2, max: 64 }),
  units: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  unitWork: fc.constantFrom(0.25, 1, 7, 1000, 1e6, 1e9),
  multiple: fc.constantFrom(1, 4, 8, 24),
});

describe('divideRange', () => {
  it('covers every unit once, in order, at multiples', () => {
    const property = fc.property(call, ({ threads, units, unitWork, multiple }) => {
      const bounds = divideRange(units, threads, { unitWork, multiple });
      expect(bounds[0]).toBe(0);
      expect(bounds.at(-1)).toBe(units);
      expect(bounds.length).toBeLessThanOrEqual(MAX_CHUNKS + 1);
      const begins = bounds.slice(0, -1);
      expect(begins.every((begin, i) => begin % multiple === 0 && bounds[i + 1]! > begin)).toBe(
        true,
      );
    });
    fc.assert(property, { numRuns: 300, seed: 1 });
  });

  it('makes chunks that shrink, so that no thread waits long for the last one', () => {
    for (const threads of [2, 4, 8, 64]) {
      const bounds = divideRange(4096, threads, { unitWork: 100_000, multiple: 4 });
      const sizes = bounds.slice(1).map((end, i) => end - bounds[i]!);
      expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
      expect(sizes[0]).toBeLessThanOrEqual(4096 / threads);
      expect(sizes.at(-1)).toBeLessThanOrEqual(threads > 8 ? 64 : 4);
    }
  });

  it('makes no chunk of more than a second or so, where there are few', () => {
    const bounds = divideRange(100, 2, { unitWork: 2 ** 32 });
    expect(bounds).toEqual(Array.from({ length: 101 }, (_, i) => i));
  });
});

describe('isShareable', () => {
  it('says where sharing out pays', () => {
    expect(isShareable(1000, {})).toBe(false);
    expect(isShareable(1000, { unitWork: 1000 })).toBe(true);
    expect(isShareable(1, { unitWork: 1e9 })).toBe(false);
    expect(isShareable(24, { unitWork: 1e9, multiple: 24 })).toBe(false);
  });
});
