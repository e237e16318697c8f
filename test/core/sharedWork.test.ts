import { describe, expect, it } from 'vitest';
import {
  type Job,
  type KernelTable,
  SHARED_WORK_BYTES,
  SharedWork,
} from '../../src/core/sharedWork.ts';

/** Two threads' views of one block; here they take turns in one. */
function twoThreads() {
  const buffer = new SharedArrayBuffer(SHARED_WORK_BYTES);
  return { main: new SharedWork(buffer, 0), worker: new SharedWork(buffer, 0) };
}

/** Notes what it is called with. */
function noting() {
  const calls: number[][] = [];
  const kernel = (...call: number[]) => {
    calls.push(call);
    return -1;
  };
  return { kernels: [() => -1, kernel] as KernelTable, calls };
}

const job = (given: Partial<Job> = {}): Job => ({
  kernel: 1,
  parameters: [7, 1000],
  bounds: [0, 4, 6, 7],
  scratchBytes: 64,
  wake: 0,
  ...given,
});

describe('SharedWork', () => {
  it('hands out each chunk once, with the scratch of the thread that takes it', () => {
    const { main, worker } = twoThreads();
    const { kernels, calls } = noting();
    main.post(job());
    const first: KernelTable = [
      kernels[0]!,
      (...call) => {
        // The worker comes while the main thread computes its first chunk, and takes all the others.
        worker.work(kernels, 3);
        return kernels[1]!(...call);
      },
    ];
    main.work(first, 0);
    expect(main.finish(job(), true)).toBe(-1);
    expect(calls).toEqual([
      [7, 1000 + 3 * 64, 4, 6],
      [7, 1000 + 3 * 64, 6, 7],
      [7, 1000, 0, 4],
    ]);
  });

  it('gives nothing to who comes late, and the next job to who has waited', () => {
    const { main, worker } = twoThreads();
    const { kernels, calls } = noting();
    for (let n = 0; n < 5; n++) {
      main.post(job({ parameters: [n] }));
      main.work(kernels, 0);
      main.finish(job(), true);
      worker.work(kernels, 1);
    }
    expect(calls.map(([n]) => n)).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]);
  });

  it('goes on after the number of jobs has wrapped around', () => {
    const { main } = twoThreads();
    const { kernels, calls } = noting();
    for (let n = 0; n < 2 ** 16 + 10; n++) {
      main.post(job({ bounds: [0, 1] }));
      main.work(kernels, 0);
      main.finish(job({ bounds: [0, 1] }), true);
    }
    expect(calls.length).toBe(2 ** 16 + 10);
  });

  it('tells the first bad unit, whichever chunk it is in', () => {
    const { main } = twoThreads();
    for (const bads of [[0], [6], [6, 4], [5, 1, 6]]) {
      const find: KernelTable[number] = (...call) => {
        const [begin, end] = call.slice(-2) as [number, number];
        const found = bads.filter((unit) => unit >= begin && unit < end);
        return found.length > 0 ? Math.min(...found) : -1;
      };
      main.post(job());
      main.work([find, find], 0);
      expect(main.finish(job(), true)).toBe(Math.min(...bads));
    }
  });

  it('says that a kernel failed, and goes on', () => {
    const { main } = twoThreads();
    const { kernels } = noting();
    const failing: KernelTable = [
      kernels[0]!,
      () => {
        throw new Error('unreachable');
      },
    ];
    main.post(job());
    main.work(failing, 0);
    expect(() => main.finish(job(), true)).toThrow(/A kernel failed in one of the threads/);
    main.post(job());
    main.work(kernels, 0);
    expect(main.finish(job(), true)).toBe(-1);
  });
});
