/**
 * How threads share the range of one kernel call: a block of shared memory that the main thread
 * writes jobs to and from which every thread, the main one among them, claims chunks.
 *
 * One word holds the number of the job and the next chunk, so that a claim (compare and exchange)
 * succeeds only while the job that a thread has read is still the current one. The job's own
 * fields alternate between two slots: a thread that comes late reads the slot of its job, which is
 * not written before the job after the next, when its claims fail. So nobody ever waits for a
 * thread that has claimed nothing.
 */

/** Exported functions of a kernel module, in the order of its exports, which all threads share. */
export type KernelTable = readonly ((...args: number[]) => number)[];

/** One kernel over [0, units). */
export interface Job {
  readonly kernel: number;
  readonly parameters: readonly number[];
  readonly units: number;
  /** Units that are claimed together, at least 1. */
  readonly chunk: number;
  /** Bytes of scratch that each thread has, of which the last parameter is the address; 0 = none. */
  readonly scratchBytes: number;
}

/** Words of 4 bytes, each on a cache line of its own. */
const CURRENT = 0;
const DONE = 16;
const FIRST_BAD = 32;
const FAILED = 48;
const SLOTS = 64;
const MAX_PARAMETERS = 56;
/** kernel, units, chunk, chunks, bytes of scratch, number of parameters. */
const FIELDS = 6;
const SLOT_DOUBLES = FIELDS + MAX_PARAMETERS + 1;

/** Bytes of the block; its address is a multiple of 64. */
export const SHARED_WORK_BYTES = 4 * SLOTS + 2 * 8 * SLOT_DOUBLES;

const CHUNK_BITS = 16;
const CHUNK_MASK = (1 << CHUNK_BITS) - 1;
/** No more chunks than this fit in the word. */
export const MAX_CHUNKS = CHUNK_MASK;
const NONE_BAD = 0x7fffffff;
/** Turns of waiting without sleep, about 50 microseconds: most jobs follow each other closely. */
const SPINS = 10_000;

/** The block as one thread sees it. */
export class SharedWork {
  readonly #words: Int32Array;
  readonly #slots: readonly Float64Array[];
  #number = 0;

  constructor(buffer: ArrayBufferLike, address: number) {
    this.#words = new Int32Array(buffer, address, SLOTS);
    this.#slots = [0, 1].map(
      (slot) =>
        new Float64Array(buffer, address + 4 * SLOTS + slot * 8 * SLOT_DOUBLES, SLOT_DOUBLES),
    );
  }

  /** Makes `job` the current one and wakes the sleepers. Main thread only, one job at a time. */
  post(job: Job): void {
    this.#number = (this.#number + 1) & CHUNK_MASK;
    const slot = this.#slots[this.#number & 1]!;
    const { kernel, parameters, units, chunk, scratchBytes } = job;
    if (parameters.length > MAX_PARAMETERS) throw new RangeError('too many kernel parameters');
    const chunks = Math.ceil(units / chunk);
    slot.set([kernel, units, chunk, chunks, scratchBytes, parameters.length]);
    slot.set(parameters, FIELDS);
    const words = this.#words;
    Atomics.store(words, DONE, 0);
    Atomics.store(words, FIRST_BAD, NONE_BAD);
    Atomics.store(words, CURRENT, this.#number << CHUNK_BITS);
    Atomics.notify(words, CURRENT);
  }

  /** Claims and computes chunks of the current job until none is left to claim. */
  work(kernels: KernelTable, thread: number): void {
    const words = this.#words;
    let word = Atomics.load(words, CURRENT);
    let read = -1;
    let chunks = 0;
    let units = 0;
    let chunk = 0;
    let kernel: KernelTable[number] | undefined;
    const call: number[] = [];
    for (;;) {
      const number = word >>> CHUNK_BITS;
      if (number !== read) {
        const slot = this.#slots[number & 1]!;
        read = number;
        kernel = kernels[slot[0]!];
        units = slot[1]!;
        chunk = slot[2]!;
        chunks = slot[3]!;
        const count = slot[FIELDS - 1]!;
        call.length = 0;
        for (let i = 0; i < count; i++) call.push(slot[FIELDS + i]!);
        if (count > 0) call[count - 1]! += thread * slot[4]!;
      }
      const next = word & CHUNK_MASK;
      if (next >= chunks) return;
      const seen = Atomics.compareExchange(words, CURRENT, word, word + 1);
      if (seen !== word) {
        word = seen;
        continue;
      }
      const begin = next * chunk;
      this.#compute(kernel!, call, begin, Math.min(units, begin + chunk));
      if (Atomics.add(words, DONE, 1) + 1 === chunks) Atomics.notify(words, DONE);
      word = Atomics.load(words, CURRENT);
    }
  }

  #compute(kernel: KernelTable[number], call: readonly number[], begin: number, end: number): void {
    const words = this.#words;
    let bad: number | undefined;
    try {
      bad = kernel(...call, begin, end);
    } catch {
      // Told to the main thread, which throws: a thread that dies here would be waited for.
      Atomics.store(words, FAILED, 1);
    }
    if (bad === undefined || bad < 0) return;
    for (let least = Atomics.load(words, FIRST_BAD); bad < least; ) {
      const seen = Atomics.compareExchange(words, FIRST_BAD, least, bad);
      if (seen === least) return;
      least = seen;
    }
  }

  /**
   * Waits until all chunks of the posted job are computed.
   * @param mayBlock whether this thread is allowed to sleep; a page's main thread is not.
   * @returns the first bad unit, or -1.
   */
  finish(job: Job, mayBlock: boolean): number {
    const words = this.#words;
    const chunks = Math.ceil(job.units / job.chunk);
    for (let spins = 0; ; spins++) {
      const done = Atomics.load(words, DONE);
      if (done === chunks) break;
      if (mayBlock && spins > SPINS) Atomics.wait(words, DONE, done, 1);
    }
    if (Atomics.exchange(words, FAILED, 0) === 1) throw new WebAssembly.RuntimeError('in a thread');
    const bad = Atomics.load(words, FIRST_BAD);
    return bad === NONE_BAD ? -1 : bad;
  }

  /** The life of a worker: works on every job that it is in time for, and sleeps in between. */
  serve(kernels: KernelTable, thread: number): never {
    const words = this.#words;
    for (;;) {
      this.work(kernels, thread);
      const word = Atomics.load(words, CURRENT);
      let spins = 0;
      while (spins < SPINS && Atomics.load(words, CURRENT) === word) spins++;
      if (spins === SPINS) Atomics.wait(words, CURRENT, word);
    }
  }
}
