import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HashIndex } from '../../../src/models/ngrams/hashIndex.ts';

/** The numbers a Map would give. */
function numbered(keys: Iterable<number>): Map<number, number> {
  const map = new Map<number, number>();
  for (const key of keys) if (!map.has(key)) map.set(key, map.size);
  return map;
}

function expectSame(index: HashIndex, map: Map<number, number>, others: readonly number[]): void {
  expect(index.size).toBe(map.size);
  expect([...index.keys]).toEqual([...map.keys()]);
  for (const [key, number] of map) expect(index.get(key)).toBe(number);
  for (const key of others) expect(index.get(key)).toBe(map.get(key) ?? -1);
}

describe('HashIndex', () => {
  it('is empty at first', () => {
    const index = new HashIndex();
    expect(index.size).toBe(0);
    expect(index.keys).toHaveLength(0);
    for (const key of [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)]) expect(index.get(key)).toBe(-1);
  });

  it('numbers keys as a Map does, added in any order and again', () => {
    const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    // Few low bits, so that many want the same slot.
    const crowded = fc.integer({ min: -50, max: 50 }).map((k) => (k << 20) | 4095);
    const key = fc.oneof(int32, fc.integer({ min: -9, max: 9 }), crowded);
    fc.assert(
      fc.property(fc.array(key, { maxLength: 300 }), fc.array(key), (keys, others) => {
        const map = numbered(keys);
        const index = new HashIndex();
        for (const key of keys) expect(index.add(key)).toBe(map.get(key));
        expectSame(index, map, others);
        expectSame(HashIndex.of(keys), map, others);
      }),
    );
  });

  it('grows over thousands of keys', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 31 - 1 }).map((k) => k | 1),
        fc.constantFrom(2047, 2048, 2049, 4096, 20_000),
        (stride, count) => {
          const keys = Array.from({ length: count }, (_, n) => Math.imul(n - 1000, stride));
          const map = numbered(keys);
          expect(map.size).toBe(count);
          expectSame(HashIndex.of([...keys, ...keys]), map, [Math.imul(count, stride)]);
        },
      ),
      { numRuns: 12 },
    );
  });

  it('gives keys that stay as they are when more are added', () => {
    const index = HashIndex.of([5, -5]);
    const kept = index.keys.slice();
    for (let n = 100; n < 5000; n++) index.add(n);
    expect([...kept]).toEqual([5, -5]);
    expect([...index.keys.subarray(0, 2)]).toEqual([5, -5]);
  });
});
