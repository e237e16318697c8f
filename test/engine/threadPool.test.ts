import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SHARED_WORK_BYTES } from '../../src/core/sharedWork.ts';
import { ThreadPool } from '../../src/engine/threadPool.ts';

const PAGE = 65536;

/** A pool whose workers never come: its main thread claims every chunk, and the kernel notes them. */
function loneThread(threads: number) {
  const memory = new WebAssembly.Memory({
    initial: Math.ceil(SHARED_WORK_BYTES / PAGE),
    maximum: 1,
    shared: true,
  });
  const chunks: [begin: number, end: number][] = [];
  const native = {
    unused: () => -1,
    note: (...call: number[]) => {
      chunks.push([call.at(-2)!, call.at(-1)!]);
      return -1;
    },
    findBad: (bad: number, begin: number, end: number) => (bad >= begin && bad < end ? bad : -1),
  };
  return { pool: new ThreadPool(native, memory, 0, threads, true, () => {}), chunks };
}

const division = fc.record({
  threads: fc.integer({ min: 2, max: 64 }),
  units: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  unitWork: fc.constantFrom(0.25, 1, 7, 1000, 1e6, 1e9),
  multiple: fc.constantFrom(1, 4, 8, 24),
});

describe('the chunks of a job', () => {
  it('cover every unit once, in order, at multiples', () => {
    const property = fc.property(division, ({ threads, units, unitWork, multiple }) => {
      const { pool, chunks } = loneThread(threads);
      expect(pool.run('note', [1, 2, 3], units, { unitWork, multiple })).toBe(-1);
      const ends = chunks.map(([, end]) => end);
      expect(chunks.map(([begin]) => begin)).toEqual([0, ...ends.slice(0, -1)]);
      expect(ends.at(-1)).toBe(units);
      expect(chunks.every(([begin, end]) => begin % multiple === 0 && end > begin)).toBe(true);
    });
    fc.assert(property, { numRuns: 300, seed: 1 });
  });

  it('shrink, so that no thread waits long for the last one', () => {
    for (const threads of [2, 4, 8, 64]) {
      const { pool, chunks } = loneThread(threads);
      pool.run('note', [], 4096, { unitWork: 100_000, multiple: 4 });
      const sizes = chunks.map(([begin, end]) => end - begin);
      expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
      expect(sizes[0]).toBeLessThanOrEqual(4096 / threads);
      expect(sizes.at(-1)).toBeLessThanOrEqual(threads > 8 ? 64 : 4);
    }
  });

  it('are made only where they pay', () => {
    const { pool } = loneThread(2);
    expect(pool.pays(1000, {})).toBe(false);
    expect(pool.pays(1000, { unitWork: 1000 })).toBe(true);
    expect(pool.pays(1, { unitWork: 1e9 })).toBe(false);
    expect(pool.pays(24, { unitWork: 1e9, multiple: 24 })).toBe(false);
  });

  it('tell the first bad unit, whichever chunk it is in', () => {
    const { pool } = loneThread(4);
    for (const bad of [0, 1, 999_999, 500_000]) {
      expect(pool.run('findBad', [bad], 1_000_000, {})).toBe(bad);
    }
    expect(pool.run('findBad', [-1], 1_000_000, {})).toBe(-1);
  });
});
