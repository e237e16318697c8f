import { type Job, type KernelTable, MAX_CHUNKS, SharedWork } from '../core/sharedWork.ts';
import type { NativeKernels } from './nativeKernels.ts';

/** How the units of a kernel may be divided. Nothing of it changes a bit of the results. */
export interface RangeOptions {
  /** What one unit costs, in vector instructions or so. Default: 1, an element. */
  readonly unitWork?: number;
  /** Chunks begin at multiples of this: the height of a tile. Default: 1. */
  readonly multiple?: number;
  /** Bytes of scratch for each thread; the last parameter is the address of the first. Default: 0. */
  readonly scratchBytes?: number;
}

/** Work below which a chunk costs more to hand out than to do: some 5 microseconds. */
const LEAST_WORK = 16_384;
/** Work of a job for which it pays to wake a thread: that takes 20 microseconds of this one. */
const WAKE_WORK = 8 * LEAST_WORK;
/**
 * A chunk is this share of what is left for each thread. The chunks shrink, so that the threads end
 * together: at the end, one waits for another no longer than the least chunk takes. The first ones are
 * small enough that a thread whose core is taken away holds up the others by little.
 */
const SHARES = 3;

/**
 * Milliseconds of work that could have been shared before the workers are started. Starting them
 * costs about as much, which a program that loads a model for one prediction need not pay.
 */
const START_AFTER = 20;

/** The threads that share kernels with the main one, which always takes part. */
export class ThreadPool {
  readonly #work: SharedWork;
  readonly #kernels: KernelTable;
  readonly #places: ReadonlyMap<string, number>;
  /** Undefined when they are started. */
  #startWorkers: (() => void) | undefined;
  #workedAlone = 0;

  /**
   * @param native the kernels of the main thread.
   * @param block address of the zeroed block of SharedWork.
   * @param threads number of threads, the main one among them.
   * @param mayBlock whether the main thread may sleep.
   * @param startWorkers starts all threads but the main one, without waiting for them: they take
   *   part from the job they are in time for.
   */
  constructor(
    native: NativeKernels,
    memory: WebAssembly.Memory,
    block: number,
    readonly threads: number,
    private readonly mayBlock: boolean,
    startWorkers: () => void,
  ) {
    this.#startWorkers = startWorkers;
    const kernels = Object.entries(native);
    this.#kernels = kernels.map(([, kernel]) => kernel);
    this.#places = new Map(kernels.map(([name], place) => [name, place]));
    this.#work = new SharedWork(memory.buffer, block);
  }

  /** Whether sharing out is worth it. */
  pays(units: number, { unitWork = 1, multiple = 1 }: RangeOptions): boolean {
    return units * unitWork >= 2 * LEAST_WORK && units > multiple;
  }

  /** Runs a kernel over [0, units) in chunks. @returns the first bad unit, or -1. */
  run(
    kernel: string,
    parameters: readonly number[],
    units: number,
    options: RangeOptions = {},
  ): number {
    const { unitWork = 1, scratchBytes = 0 } = options;
    const bounds = this.#divide(units, options);
    const job: Job = {
      kernel: this.#places.get(kernel)!,
      parameters,
      bounds,
      scratchBytes,
      wake: Math.min(this.threads - 1, Math.floor((units * unitWork) / WAKE_WORK)),
    };
    return this.#startWorkers ? this.#runAlone(job) : this.#share(job);
  }

  /** The main thread claims all of it, and sees when there has been enough work for others. */
  #runAlone(job: Job): number {
    const begin = performance.now();
    const bad = this.#share(job);
    this.#workedAlone += performance.now() - begin;
    if (this.#workedAlone >= START_AFTER) {
      this.#startWorkers!();
      this.#startWorkers = undefined;
    }
    return bad;
  }

  #share(job: Job): number {
    this.#work.post(job);
    this.#work.work(this.#kernels, 0);
    return this.#work.finish(job, this.mayBlock);
  }

  /** Where the chunks of [0, units) begin, and their end. */
  #divide(units: number, { unitWork = 1, multiple = 1 }: RangeOptions): number[] {
    const least = LEAST_WORK / unitWork;
    const bounds = [0];
    for (let begin = 0; begin < units; ) {
      const left = units - begin;
      const share = left / Math.min(this.threads * SHARES, MAX_CHUNKS + 1 - bounds.length);
      const chunk = Math.ceil(Math.max(least, share) / multiple) * multiple;
      begin = Math.min(units, begin + chunk);
      bounds.push(begin);
    }
    return bounds;
  }
}
