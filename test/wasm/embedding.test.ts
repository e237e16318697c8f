import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Lookup,
  lookupKernel,
  type SegmentSum,
  segmentSumKernel,
} from './embeddingKernels.ts';
import { dot, expectClose, numericGradient } from './expectClose.ts';
import { anySplit, builds, GuardedMemory } from './guardedMemory.ts';
import { randomIntegers, randomNumbers } from './randomNumbers.ts';
import { embedding, segmentSum } from './reference/embedding.ts';

const shape = fc.record({
  N: fc.integer({ min: 0, max: 40 }),
  D: fc.integer({ min: 1, max: 37 }),
  V: fc.integer({ min: 1, max: 9 }),
  seed: fc.integer({ min: 0, max: 9999 }),
  split: anySplit,
});

describe.each(builds)('embedding kernels, $name build', ({ module }) => {
  const memory = new GuardedMemory(module);

  it('the lookup copies rows and adds positions', () => {
    fc.assert(
      fc.property(shape, fc.integer({ min: 0, max: 5 }), ({ N, D, V, seed, split }, T) => {
        const embeddings = randomNumbers(V * D, seed);
        const ids = randomIntegers(N, seed + 1, 0, V);
        const lookup: Lookup = { embeddings, ids, D };
        if (T > 0) lookup.positions = randomNumbers(T * D, seed + 2);
        const { y, firstBad } = lookupKernel(memory, split, lookup);
        expect(Array.from(y)).toEqual(
          embedding(embeddings, ids, lookup.positions, D).map(Math.fround),
        );
        expect(firstBad).toBe(-1);
      }),
    );
  });

  it('an id out of range is named and its row is zero', () => {
    const ids = Int32Array.of(0, 2, 3, -1, 1, 2 ** 31 - 1, -(2 ** 31));
    const [embeddings, positions] = [randomNumbers(15, 1), randomNumbers(35, 2)];
    const { y, firstBad } = lookupKernel(memory, [0.5], { embeddings, ids, positions, D: 5 });
    expect(firstBad).toBe(2);
    const isZero = Array.from(ids, (_, n) => y.subarray(5 * n, 5 * n + 5).every((v) => v === 0));
    expect(isZero).toEqual([false, false, true, true, false, true, true]);
  });

  it('the segment sum adds rows in order, drops foreign ids, and can add to what is there', () => {
    fc.assert(
      fc.property(shape, fc.boolean(), ({ N, D, V, seed, split }, accumulates) => {
        const x = randomNumbers(N * D, seed);
        const ids = randomIntegers(N, seed + 1, -2, V + 2);
        const sum: SegmentSum = { x, ids, D, segments: V };
        if (accumulates) sum.start = randomNumbers(V * D, seed + 2);
        const y = segmentSumKernel(memory, split, sum);
        const expected = segmentSum(x, ids, V, D).map((v, i) => v + (sum.start?.[i] ?? 0));
        expectClose(y, expected, { absolute: 1e-5 });
      }),
    );
  });

  it('a NaN reaches only its own segment', () => {
    const x = Float32Array.of(1, Number.NaN, 2, Number.POSITIVE_INFINITY);
    const y = segmentSumKernel(memory, [], {
      x,
      ids: Int32Array.of(2, 0, 2, -1),
      D: 1,
      segments: 3,
    });
    expect(Array.from(y)).toEqual([Number.NaN, 0, 3]);
  });
});

describe('embedding references', () => {
  it('the segment sum is the gradient of the lookup', () => {
    const [D, V] = [3, 4];
    const ids = Int32Array.of(1, 3, 1, 0, 1);
    const [embeddings, dy] = [randomNumbers(V * D, 1), randomNumbers(5 * D, 2)];
    const loss = (p: number[]) => dot(embedding(p, ids, undefined, D), dy);
    expectClose(segmentSum(dy, ids, V, D), numericGradient(loss, embeddings));
  });
});
