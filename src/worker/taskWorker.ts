import { disposeSymbol } from '../core/disposal.ts';
import type { EngineInfo } from '../engine/engine.ts';

/**
 * A Web Worker, or a worker thread of Node, Deno or Bun, that tasks run in. `createWorker` makes one;
 * pass it to tasks as `worker`. Tasks in the same worker share its engine and run one after another.
 */
export interface TaskWorker {
  /** Returns the features, threads and memory of the engine in the worker. */
  info(): Promise<EngineInfo>;
  /** Ends the worker and its tasks. Pending calls fail with `WORKER_STOPPED`. */
  dispose(): void;
  [disposeSymbol](): void;
}

/** Where a task runs: false = the calling thread, true = a new worker, or an existing worker. */
export type WorkerOption = boolean | TaskWorker;
