import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { bucketBatches, lengthSortedBatches } from '../../src/data/bucketBatches.ts';

const arbitrary = {
  lengths: fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 300 }),
  batchSize: fc.integer({ min: 1, max: 40 }),
  windowBatches: fc.integer({ min: 1, max: 6 }),
};

function expectPermutation(batches: readonly Int32Array[], count: number, batchSize: number) {
  const seen = batches.flatMap((batch) => [...batch]).sort((a, b) => a - b);
  expect(seen).toEqual(Array.from({ length: count }, (_, i) => i));
  expect(batches).toHaveLength(Math.ceil(count / batchSize));
  expect(batches.filter((batch) => batch.length !== batchSize).length).toBeLessThanOrEqual(1);
}

/** Tokens computed, padding included, over tokens there. */
function paddedShare(batches: readonly Int32Array[], lengths: readonly number[]): number {
  const padded = batches.map(
    (batch) => batch.length * Math.max(...[...batch].map((i) => lengths[i]!)),
  );
  const sum = (values: readonly number[]) => values.reduce((total, x) => total + x, 0);
  return sum(padded) / sum(lengths);
}

// Lengths of mails: many short, a few very long.
const random = new Random(5);
const mailLengths = Array.from({ length: 5000 }, () => Math.ceil(Math.exp(4 + random.normal())));

describe('bucketBatches', () => {
  it('holds every example once, in full batches but one', () => {
    fc.assert(
      fc.property(
        arbitrary.lengths,
        arbitrary.batchSize,
        arbitrary.windowBatches,
        fc.integer(),
        fc.nat(20),
        (lengths, batchSize, windowBatches, seed, epoch) => {
          const options = { lengths, batchSize, windowBatches, seed, epoch };
          const batches = bucketBatches(options);
          expectPermutation(batches, lengths.length, batchSize);
          expect(bucketBatches(options)).toEqual(batches);
        },
      ),
    );
  });

  it('differs by seed and by epoch, and needs no epoch before', () => {
    const batches = (seed: number, epoch: number) =>
      bucketBatches({ lengths: mailLengths, batchSize: 32, seed, epoch });
    const third = batches(1, 3);
    for (const epoch of [0, 1, 2]) expect(batches(1, epoch)).not.toEqual(third);
    expect(batches(2, 3)).not.toEqual(third);
    expect(batches(1, 3)).toEqual(third);
  });

  it('pads little, and still mixes lengths over the epoch', () => {
    const options = { lengths: mailLengths, batchSize: 32, seed: 1, epoch: 0 };
    const bucketed = bucketBatches(options);
    const plain = bucketBatches({ ...options, windowBatches: 1 });
    expect(paddedShare(plain, mailLengths)).toBeGreaterThan(3);
    expect(paddedShare(bucketed, mailLengths)).toBeLessThan(1.5);
    const longest = bucketed.map((batch) => Math.max(...[...batch].map((i) => mailLengths[i]!)));
    const half = longest.length / 2;
    const mean = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
    const ratio = mean(longest.slice(0, half)) / mean(longest.slice(half));
    expect(ratio).toBeGreaterThan(0.5);
    expect(ratio).toBeLessThan(2);
  });

  it('takes typed arrays, and nothing for nothing', () => {
    const options = { batchSize: 2, seed: 1, epoch: 0 };
    const lengths = [3, 1, 2];
    expect(bucketBatches({ ...options, lengths: Int32Array.from(lengths) })).toEqual(
      bucketBatches({ ...options, lengths }),
    );
    expect(bucketBatches({ ...options, lengths: [] })).toEqual([]);
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses a batch size of %s', (batchSize) => {
    expect(() => bucketBatches({ lengths: [1], batchSize, seed: 1, epoch: 0 })).toThrow(
      /batchSize must be a positive integer/,
    );
    expect(() => lengthSortedBatches([1], batchSize)).toThrow(/batchSize must be/);
  });
});

describe('lengthSortedBatches', () => {
  it('holds every example once, longest first, equal ones in their order', () => {
    fc.assert(
      fc.property(arbitrary.lengths, arbitrary.batchSize, (lengths, batchSize) => {
        const batches = lengthSortedBatches(lengths, batchSize);
        expectPermutation(batches, lengths.length, batchSize);
        const order = batches.flatMap((batch) => [...batch]);
        const expected = lengths
          .map((length, index) => ({ length, index }))
          .sort((a, b) => b.length - a.length || a.index - b.index);
        expect(order).toEqual(expected.map(({ index }) => index));
      }),
    );
  });
});
