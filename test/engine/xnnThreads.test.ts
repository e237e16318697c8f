import { describe, expect, it } from 'vitest';
import { MAILBOX_BYTES, type PthreadWorkerData } from '../../src/core/pthreadWorker.ts';
import { XnnThreads } from '../../src/engine/xnnThreads.ts';

const ADDRESS = 1024;

/** Threads whose workers are played by the test, for a binary that notes what it is told. */
function threadsOf(count: number) {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const words = new Int32Array(memory.buffer);
  const started: { data: PthreadWorkerData; lose: () => void }[] = [];
  const inits: number[] = [];
  const threads = new XnnThreads(count, true, (data, lose) => started.push({ data, lose }));
  threads.attach({
    module: new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])),
    memory,
    malloc: () => ADDRESS,
    initWithThreadsCount: (wanted) => inits.push(wanted),
  });
  const mailbox = (n: number) => (ADDRESS + n * MAILBOX_BYTES) / 4;
  return {
    threads,
    words,
    started,
    inits,
    mailbox,
    /** What a worker does when it is there. */
    arrive: (n: number) => Atomics.store(words, mailbox(n), 1),
  };
}

/** Enough for threads to be started. */
function muchWork(a: number): number {
  for (const end = performance.now() + 25; performance.now() < end; );
  return a + 1;
}

describe('XnnThreads', () => {
  it('start for much work of a heavy kernel only', () => {
    const { threads, started } = threadsOf(3);
    const light = threads.watch('Add', muchWork);
    expect(light(1)).toBe(2);
    const heavy = threads.watch('Conv2D', (a = 0) => a);
    expect(heavy(4)).toBe(4);
    expect(started.length).toBe(0);
    expect(threads.watch('Conv2D', muchWork)(1)).toBe(2);
    expect(started.map(({ data }) => data.mailbox)).toEqual([ADDRESS, ADDRESS + MAILBOX_BYTES]);
  });

  it('are used from the first kernel that finds them all there', () => {
    const { threads, inits, arrive } = threadsOf(3);
    const kernel = threads.watch('FusedConv2D', muchWork);
    kernel(1);
    kernel(1);
    arrive(0);
    kernel(1);
    expect(inits).toEqual([]);
    arrive(1);
    kernel(1);
    kernel(1);
    expect(inits).toEqual([3]);
  });

  it('are as many as could start', () => {
    const { threads, started, inits, arrive } = threadsOf(4);
    const kernel = threads.watch('Prelu', muchWork);
    kernel(1);
    started[1]!.lose();
    arrive(0);
    kernel(1);
    expect(inits).toEqual([]);
    arrive(2);
    kernel(1);
    expect(inits).toEqual([3]);
  });

  it('leave XNNPACK as it is where none could start', () => {
    const { threads, started, inits } = threadsOf(2);
    const kernel = threads.watch('Conv2D', muchWork);
    kernel(1);
    started[0]!.lose();
    expect(kernel(1)).toBe(2);
    expect(inits).toEqual([]);
  });

  it('are at most the 8 that tfjs has', () => {
    const { threads, started } = threadsOf(32);
    threads.watch('Conv2D', muchWork)(1);
    expect(started.length).toBe(7);
    expect(threads.imports.emscripten_num_logical_cores()).toBe(16);
  });

  it('are called through a mailbox whose worker waits, or refused', () => {
    const { threads, words, mailbox, arrive } = threadsOf(3);
    const create = threads.imports.__pthread_create_js;
    expect(create(100, 0, 7, 200)).not.toBe(0);
    threads.watch('Conv2D', muchWork)(1);
    expect(create(100, 0, 7, 200)).not.toBe(0);
    arrive(1);
    expect(create(100, 0, 7, 200)).toBe(0);
    expect([...words.subarray(mailbox(1), mailbox(2))]).toEqual([2, 100, 7, 200]);
    expect(create(100, 0, 7, 200)).not.toBe(0);
  });
});
