import { runtime } from '#runtime';
import { AnyformerError, show } from '../core/errors.ts';
import { SHARED_WORK_BYTES } from '../core/sharedWork.ts';
import type { WorkerData } from '../core/worker.ts';
import type { Heap } from './heap.ts';
import type { NativeKernels } from './nativeKernels.ts';
import { ThreadPool } from './threadPool.ts';
import { XnnThreads } from './xnnThreads.ts';

/** Changes when a thread is lost. */
export interface Threads {
  enabled: boolean;
  count: number;
  reason?: string;
}

const MOST_THREADS = 8;

/** @throws AnyformerError `INVALID_ARGUMENT` for what is no number of threads. */
export function chooseThreads(wanted: unknown): Threads {
  const isCount = Number.isInteger(wanted) && (wanted as number) >= 1;
  if (wanted !== 'auto' && !isCount) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `createEngine: threads must be 'auto' or a whole number of at least 1, received ${show(wanted)}.`,
    );
  }
  const one = (reason: string) => ({ enabled: false, count: 1, reason });
  if (wanted === 1) return one('switched off with threads: 1');
  if (runtime.withoutThreads !== undefined) return one(runtime.withoutThreads);
  if (runtime.threads === undefined) return one('this runtime has no threads for it');
  if (typeof SharedArrayBuffer === 'undefined') return one('this runtime has no shared memory');
  const available = runtime.threads.available();
  if (wanted === 'auto' && available < 2) return one('there is one processor');
  const count = wanted === 'auto' ? Math.min(available, MOST_THREADS) : (wanted as number);
  return { enabled: true, count };
}

/** The pool of threads that share out kernels on the heap, none of them started yet. */
export function createThreadPool(
  threads: Threads,
  native: NativeKernels,
  module: WebAssembly.Module,
  table: number,
  heap: Heap,
): ThreadPool {
  const { memory } = heap;
  const { count } = threads;
  const block = Math.ceil(heap.malloc(SHARED_WORK_BYTES + 64) / 64) * 64;
  heap.u8.fill(0, block, block + SHARED_WORK_BYTES);
  // A worker that cannot start is one that claims nothing: the others do its work.
  const lose = (error: unknown) => {
    threads.count = Math.max(1, threads.count - 1);
    threads.enabled = threads.count > 1;
    threads.reason = `a thread could not start: ${messageOf(error)}`;
  };
  return new ThreadPool(native, memory, block, count, runtime.threads!.mayBlock, () => {
    for (let thread = 1; thread < count; thread++) {
      startWorker({ module, memory, block, table, thread }, lose);
    }
  });
}

/** The threads of tfjs's own kernels, none of them started yet. */
export function createXnnThreads(threads: Threads): XnnThreads {
  return new XnnThreads(threads.count, runtime.threads!.mayBlock, (data, onLost) =>
    startWorker(data, (error) => {
      threads.reason ??= `tfjs's convolutions have fewer threads: one could not start: ${messageOf(error)}`;
      onLost();
    }),
  );
}

function startWorker(data: WorkerData, onError: (error: unknown) => void): void {
  try {
    runtime.threads!.start(data, onError);
  } catch (error) {
    onError(error);
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
