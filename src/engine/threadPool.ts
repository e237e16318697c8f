import { type Job, type KernelTable, SharedWork } from '../core/sharedWork.ts';
import { divideRange, LEAST_WORK, type RangeOptions } from './divideRange.ts';
import type { NativeKernels } from './nativeKernels.ts';

/** Work of a job for which it pays to wake a thread: that takes 20 microseconds of this one. */
const WAKE_WORK = 8 * LEAST_WORK;

/**
 * Milliseconds of work that could have been shared before the workers are started. Starting them
 * costs about as much, which a program that loads a model for one prediction need not pay.
 */
export const START_AFTER = 20;

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

  /** Workers that run. */
  get ready(): number {
    return this.#work.ready;
  }

  /** Runs a kernel over [0, units) in chunks. @returns the first bad unit, or -1. */
  run(
    kernel: string,
    parameters: readonly number[],
    units: number,
    options: RangeOptions = {},
  ): number {
    const place = this.#places.get(kernel)!;
    if (this.#work.ready === 0) return this.#runAlone(this.#kernels[place]!, parameters, units);
    const { unitWork = 1, scratchBytes = 0 } = options;
    const job: Job = {
      kernel: place,
      parameters,
      bounds: divideRange(units, this.threads, options),
      scratchBytes,
      wake: Math.min(this.threads - 1, Math.floor((units * unitWork) / WAKE_WORK)),
    };
    this.#work.post(job);
    this.#work.work(this.#kernels, 0);
    return this.#work.finish(job, this.mayBlock);
  }

  /** Without the workers, and sees when there has been enough work for them. */
  #runAlone(kernel: KernelTable[number], parameters: readonly number[], units: number): number {
    const begin = performance.now();
    const bad = kernel(...parameters, 0, units);
    this.#workedAlone += performance.now() - begin;
    if (this.#workedAlone >= START_AFTER) {
      this.#startWorkers?.();
      this.#startWorkers = undefined;
    }
    return bad;
  }
}
