import { disposeSymbol } from '../core/disposal.ts';
import type { EngineInfo } from '../engine/engine.ts';

/**
 * A Web Worker, or a thread of Node, Deno or Bun, that tasks run in. Made by `createWorker`, and
 * given to tasks as `worker`: those of one worker share its engine, and take turns.
 */
export interface TaskWorker {
  /** What the engine there runs on and holds now. */
  info(): Promise<EngineInfo>;
  /** Ends the worker with all that runs in it; what is waited for fails with `WORKER_STOPPED`. */
  dispose(): void;
  [disposeSymbol](): void;
}

/** Where a task is to run: here, in a worker of its own, or in one that is there. */
export type WorkerOption = boolean | TaskWorker;
