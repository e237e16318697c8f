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
/** Chunks a thread: a thread whose core is taken away holds up the others by at most this share. */
const CHUNKS_PER_THREAD = 4;

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

  /** The units of a chunk: all of them where dividing does not pay. */
  chunkOf(units: number, { unitWork = 1, multiple = 1 }: RangeOptions): number {
    const share = Math.max(units / (this.threads * CHUNKS_PER_THREAD), units / MAX_CHUNKS);
    const chunk = Math.ceil(Math.max(LEAST_WORK / unitWork, share) / multiple) * multiple;
    return Math.min(chunk, units);
  }

  /** Runs a kernel over [0, units) in chunks. @returns the first bad unit, or -1. */
  run(kernel: string, job: Omit<Job, 'kernel'>): number {
    if (this.#startWorkers === undefined) return this.#share(kernel, job);
    const begin = performance.now();
    const bad = this.#share(kernel, job);
    this.#workedAlone += performance.now() - begin;
    if (this.#workedAlone >= START_AFTER) {
      this.#startWorkers();
      this.#startWorkers = undefined;
    }
    return bad;
  }

  #share(kernel: string, job: Omit<Job, 'kernel'>): number {
    const numbered: Job = { ...job, kernel: this.#places.get(kernel)! };
    this.#work.post(numbered);
    this.#work.work(this.#kernels, 0);
    return this.#work.finish(numbered, this.mayBlock);
  }
}
