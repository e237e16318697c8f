import type { StartedWorker, WorkerProgram } from './runtime.ts';

const NOT_LOADED =
  'its program could not be loaded; serve browserTaskWorker.js beside the script and allow it by ' +
  "worker-src 'self' in the Content-Security-Policy, or give createWorker({ program }) its address, " +
  "or a Worker whose script imports 'anyformer/worker'";

/** Starts a Web Worker for tasks: the package's own file, the user's, or a worker that is there. */
export function startTaskWorker(
  program: WorkerProgram | undefined,
  onStop: (reason: Error) => void,
): StartedWorker {
  if (typeof Worker === 'undefined') throw new Error('there is no Worker here');
  const worker = workerOf(program);
  let isWatched = false;
  worker.addEventListener('error', (event) => {
    // What the page's own code in the worker fails of is no end of it.
    if (isWatched) return;
    event.preventDefault();
    // Without a message it is the file itself.
    onStop(new Error(event.message || NOT_LOADED));
  });
  worker.addEventListener('messageerror', () =>
    onStop(new Error('what it sent could not be read here')),
  );
  return {
    endpoint: worker,
    terminate: () => worker.terminate(),
    // Browsers do not tell that a worker has ended, but they give its locks to the next that waits.
    // There are none on pages that came by http.
    lock: navigator.locks && {
      name: `anyformer ${crypto.randomUUID()}`,
      watch() {
        isWatched = true;
        const ended = () => onStop(new Error('the browser ended it'));
        navigator.locks.request(this.name, ended).catch(onStop);
      },
    },
  };
}

function workerOf(program: WorkerProgram | undefined): Worker {
  if (program === undefined) {
    try {
      return new Worker(new URL('./browserTaskWorker.js', import.meta.url), { type: 'module' });
    } catch (cause) {
      // A bundler that copies no files has made a classic script of this, which knows no address.
      if (cause instanceof TypeError) throw new Error(NOT_LOADED, { cause });
      throw cause;
    }
  }
  if (typeof program === 'object' && 'postMessage' in program) return program as Worker;
  return new Worker(program as URL | string, { type: 'module' });
}
