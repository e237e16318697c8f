import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dropout, dropoutKernel } from './dropoutKernel.ts';
import { anySplit, builds, GuardedMemory } from './guardedMemory.ts';
import { randomNumbers } from './randomNumbers.ts';

const seeds = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const rates = fc.constantFrom(0, 0.1, 0.25, 0.5, 0.9, 0.999);

describe.each(builds)('dropout kernel, $name build', ({ module }) => {
  const memory = new GuardedMemory(module);

  it('is the reference to the bit, for any seed, rate, length and split', () => {
    fc.assert(
      fc.property(fc.nat({ max: 60 }), seeds, rates, anySplit, (n, seed, rate, split) => {
        const x = randomNumbers(n, n);
        expect(dropoutKernel(memory, split, x, seed, rate)).toEqual(dropout(x, seed, rate));
      }),
    );
  });

  it('drops its share, whatever the seed', () => {
    const n = 20_000;
    const ones = new Float32Array(n).fill(1);
    for (const rate of [0.1, 0.5, 0.9]) {
      for (const seed of [0, 1, 2, -1, 123_456_789]) {
        const kept = dropoutKernel(memory, [], ones, seed, rate).filter((y) => y !== 0).length;
        const deviation = Math.sqrt(n * rate * (1 - rate));
        expect(Math.abs(kept - n * (1 - rate))).toBeLessThan(4.5 * deviation);
      }
    }
  });

  it('two seeds, and two neighbours, are independent', () => {
    const n = 20_000;
    const ones = new Float32Array(n).fill(1);
    const masks = [7, 8].map((seed) => dropoutKernel(memory, [], ones, seed, 0.5));
    const agreement = (a: Float32Array, b: Float32Array) =>
      a.reduce((count, value, i) => count + Number(value === b[i]), 0);
    const isChance = (count: number, total: number) =>
      expect(Math.abs(count - total / 2)).toBeLessThan(4.5 * Math.sqrt(total / 4));
    isChance(agreement(masks[0]!, masks[1]!), n);
    for (const distance of [1, 2, 4, 64, 256]) {
      const [early, late] = [masks[0]!.subarray(0, n - distance), masks[0]!.subarray(distance)];
      isChance(agreement(early, late), n - distance);
    }
  });

  it('the gradient drops where the output was dropped', () => {
    const [x, dy] = [randomNumbers(101, 1), randomNumbers(101, 2)];
    const y = dropoutKernel(memory, [], x, 5, 0.4);
    const dx = dropoutKernel(memory, [], dy, 5, 0.4);
    expect(Array.from(dx, (d) => d === 0)).toEqual(Array.from(y, (v) => v === 0));
  });

  it('NaN and Infinity go through as in a product with the mask', () => {
    const x = new Float32Array(40).fill(Number.NaN).fill(Number.POSITIVE_INFINITY, 20);
    const y = dropoutKernel(memory, [0.5], x, 3, 0.5);
    const isKept = dropout(new Float32Array(40).fill(1), 3, 0.5).map(Math.sign);
    const expected = isKept.map((kept, i) => x[i]! * kept);
    expect(y).toEqual(expected);
  });
});
