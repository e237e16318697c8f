import * as v from 'valibot';
import { abortSignal, callback, parseOptions } from '../core/options.ts';
import { type OnProgress, ProgressClock } from '../core/progress.ts';
import { createEngine } from '../kernels/createEngine.ts';
import type { BytesOfSet } from '../storage/bytesOfSet.ts';
import type { StorageTarget } from '../storage/openStorage.ts';
import { readSealedFiles } from '../storage/sealedFiles.ts';
import type { WorkerOption } from '../worker/taskWorker.ts';
import { inWorker, workerOption } from './inWorker.ts';
import { openFolder } from './openFolder.ts';
import type { TaskKind } from './taskLifecycle.ts';

/** The options of `load`. */
export interface LoadOptions {
  /** Stops loading with the error `ABORTED`. */
  signal?: AbortSignal;
  /** Called while the files are read; `step` and `totalSteps` count bytes. */
  onProgress?: OnProgress;
  /**
   * Where the task runs: `true` starts a worker of its own, which keeps a page responsive; a worker
   * from `createWorker` can be shared by several tasks; `false` is the calling thread. Default: false.
   */
  worker?: WorkerOption;
}

const schema = v.strictObject({
  worker: workerOption,
  signal: v.optional(abortSignal),
  onProgress: v.optional(callback<OnProgress>()),
});

/** The file that goes into the heap. */
const WEIGHTS = 'model.safetensors';

/** Loads a saved task, on this thread or in the worker that its options name. */
export async function loadTask<Task extends object, Parts, Saved>(
  taskClass: { readonly prototype: Task },
  kind: TaskKind<Parts, Saved>,
  source: StorageTarget,
  options: LoadOptions,
  make: (parts: Parts) => Task,
): Promise<Task> {
  const { name } = kind;
  const { worker, ...slow } = parseOptions(`${name}.load`, schema, options);
  if (worker) return inWorker(taskClass, { name, how: 'load', args: [source, slow] }, worker);
  const { signal, onProgress } = slow;
  const storage = openFolder(source);
  const starting = createEngine();
  const reading = readSealedFiles(storage, kind.fileNames, {
    signal,
    async checkSize(name, bytes) {
      const { backend } = await starting;
      if (name === WEIGHTS) backend?.heap.checkRoom(bytes, `${name} in ${storage.location}`);
    },
    ...(onProgress && { onProgress: asLoadProgress(onProgress) }),
  });
  const [saved] = await Promise.all([
    reading.then((files) => kind.read(files, storage.location)),
    starting,
  ]);
  return make(kind.open(saved));
}

/** Reports the bytes of all files together as steps. */
function asLoadProgress(onProgress: OnProgress): (progress: BytesOfSet) => void {
  const clock = new ProgressClock();
  return ({ loadedBytes, totalBytes }) =>
    onProgress(clock.progress({ phase: 'load', step: loadedBytes, totalSteps: totalBytes }));
}
