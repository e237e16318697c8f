import { AnyformerError } from './errors.ts';

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

/** One kernel over a range of units. */
export interface Job {
  readonly kernel: number;
  readonly parameters: readonly number[];
  /** Where the chunks begin, in order, and the end of the last: one number more than chunks. */
  readonly bounds: readonly number[];
  /** Bytes of scratch that each thread has, of which the last parameter is the address; 0 = none. */
  readonly scratchBytes: number;
  /** Sleeping threads that are woken for it; those that are awake take part in any case. */
  readonly wake: number;
}

/** Words of 4 bytes, each on a cache line of its own. */
const CURRENT = 0;
const DONE = 16;
const FIRST_BAD = 32;
const FAILED = 48;
const READY = 64;
const SLOTS = 80;
const MAX_PARAMETERS = 56;
/** Most chunks of a job. */
export const MAX_CHUNKS = 128;
/** kernel, chunks, bytes of scratch, number of parameters. */
const FIELDS = 4;
const BOUNDS = FIELDS + MAX_PARAMETERS;
const SLOT_DOUBLES = BOUNDS + MAX_CHUNKS + 1;

/** Bytes of the block; its address is a multiple of 64. */
export const SHARED_WORK_BYTES = 4 * SLOTS + 2 * 8 * SLOT_DOUBLES;

const CHUNK_BITS = 16;
const CHUNK_MASK = (1 << CHUNK_BITS) - 1;
const NONE_BAD = 0x7fffffff;
/** Turns of waiting without sleep, about 50 microseconds: most jobs follow each other closely. */
const SPINS = 10_000;
/** The same where waiting was in vain: 1 microsecond. */
const LEAST_SPINS = 256;
/** A minute without a chunk done, asleep and in spins: a chunk takes a second or so. */
const STALLED_MILLISECONDS = 60_000;
const STALLED_SPINS = 1e10;

/** The block as one thread sees it. */
export class SharedWork {
  readonly #words: Int32Array;
  readonly #slots: readonly Float64Array[];
  #number = 0;
  #isGone = false;

  constructor(buffer: ArrayBufferLike, address: number) {
    this.#words = new Int32Array(buffer, address, SLOTS);
    this.#slots = [0, 1].map(
      (slot) =>
        new Float64Array(buffer, address + 4 * SLOTS + slot * 8 * SLOT_DOUBLES, SLOT_DOUBLES),
    );
  }

  /** Workers that have started; none any more after one of them is gone. */
  get ready(): number {
    return this.#isGone ? 0 : Atomics.load(this.#words, READY);
  }

  /** Makes `job` the current one. Main thread only, one job at a time. */
  post(job: Job): void {
    this.#number = (this.#number + 1) & CHUNK_MASK;
    const slot = this.#slots[this.#number & 1]!;
    const { kernel, parameters, bounds, scratchBytes, wake } = job;
    if (parameters.length > MAX_PARAMETERS) throw new RangeError('too many kernel parameters');
    if (bounds.length > MAX_CHUNKS + 1) throw new RangeError('too many chunks');
    slot.set([kernel, bounds.length - 1, scratchBytes, parameters.length]);
    slot.set(parameters, FIELDS);
    slot.set(bounds, BOUNDS);
    const words = this.#words;
    Atomics.store(words, DONE, 0);
    Atomics.store(words, FIRST_BAD, NONE_BAD);
    Atomics.store(words, CURRENT, this.#number << CHUNK_BITS);
    if (wake > 0) Atomics.notify(words, CURRENT, wake);
  }

  /**
   * Claims and computes chunks of the current job until none is left to claim.
   * @returns the word it left, which differs as soon as there is another job.
   */
  work(kernels: KernelTable, thread: number): number {
    const words = this.#words;
    let word = Atomics.load(words, CURRENT);
    let read = -1;
    let slot = this.#slots[0]!;
    let chunks = 0;
    let kernel: KernelTable[number] | undefined;
    const call: number[] = [];
    for (;;) {
      const number = word >>> CHUNK_BITS;
      if (number !== read) {
        slot = this.#slots[number & 1]!;
        read = number;
        kernel = kernels[slot[0]!];
        chunks = slot[1]!;
        const count = slot[3]!;
        call.length = 0;
        for (let i = 0; i < count; i++) call.push(slot[FIELDS + i]!);
        if (count > 0) call[count - 1]! += thread * slot[2]!;
      }
      const next = word & CHUNK_MASK;
      if (next >= chunks) return word;
      const begin = slot[BOUNDS + next]!;
      const end = slot[BOUNDS + next + 1]!;
      const seen = Atomics.compareExchange(words, CURRENT, word, word + 1);
      if (seen !== word) {
        word = seen;
        continue;
      }
      this.#compute(kernel!, call, begin, end);
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
   * @throws AnyformerError `ENGINE` when a kernel fails in a thread, or a thread is gone.
   */
  finish(job: Job, mayBlock: boolean): number {
    const words = this.#words;
    const chunks = job.bounds.length - 1;
    let done = Atomics.load(words, DONE);
    for (let spins = 0; done < chunks; spins++) {
      const isLate = mayBlock ? spins > SPINS && !this.#sleep(done) : spins > STALLED_SPINS;
      const seen = Atomics.load(words, DONE);
      if (seen !== done) spins = 0;
      else if (isLate) throw this.#gone();
      done = seen;
    }
    if (Atomics.exchange(words, FAILED, 0) === 1) throw failed();
    const bad = Atomics.load(words, FIRST_BAD);
    return bad === NONE_BAD ? -1 : bad;
  }

  /** Sleeps until the last chunk is done. @returns false after a minute. */
  #sleep(done: number): boolean {
    return Atomics.wait(this.#words, DONE, done, STALLED_MILLISECONDS) !== 'timed-out';
  }

  #gone(): AnyformerError {
    this.#isGone = true;
    return new AnyformerError(
      'ENGINE',
      'A thread has not answered for a minute: its worker was ended from outside. What was being ' +
        'computed is lost; load the model anew. The engine goes on with one thread.',
    );
  }

  /**
   * The life of a worker: works on every job that it is in time for, and sleeps in between.
   *
   * It spins for less each time that no job came of it. Where processors are fewer than threads, the
   * one it spins on is the one that the main thread needs to post a job.
   */
  serve(kernels: KernelTable, thread: number): never {
    const words = this.#words;
    Atomics.add(words, READY, 1);
    for (let most = SPINS; ; ) {
      const word = this.work(kernels, thread);
      let spins = 0;
      while (spins < most && Atomics.load(words, CURRENT) === word) spins++;
      if (spins < most) {
        most = SPINS;
        continue;
      }
      most = Math.max(LEAST_SPINS, most / 2);
      Atomics.wait(words, CURRENT, word);
    }
  }
}

function failed(): AnyformerError {
  return new AnyformerError(
    'ENGINE',
    'A kernel failed in one of the threads. That is a mistake of this library; please report it with ' +
      'what was computed. createEngine({ threads: 1 }) shows the error itself.',
  );
}
