import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parentPort, Worker } from 'node:worker_threads';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { FileStorage } from '../storage/fileStorage.ts';
import { readLocalFile } from '../storage/readLocalFile.ts';
import type { Runtime, StartedWorker, WorkerProgram } from './runtime.ts';

// The same address from src/runtime (tests) and from dist/runtime (the package).
const wasmFolder = new URL('../../dist/wasm/', import.meta.url);

const workerFile = new URL('../../dist/runtime/nodeWorker.js', import.meta.url);
const taskWorkerFile = new URL('../../dist/worker.js', import.meta.url);

/** Files beside the package, read from disk; Deno's and Bun's leaves build on it. */
export const runtime: Runtime = {
  name: 'node',
  // At once, as modules are read: the files are part of the program.
  loadWasm: async (file) => readFileSync(new URL(file, wasmFolder)),
  threads: {
    available: availableParallelism,
    mayBlock: true,
    start(data, onError) {
      // Flags for the program itself (--input-type, --test, …) would end the worker.
      const worker = new Worker(workerFile, { workerData: data, execArgv: [] });
      worker.once('error', onError);
      worker.unref();
    },
  },
  taskWorkers: { start: startTaskWorker, parent: () => nodeEndpoint(parentPort!) },
  openPath: (path) => new FileStorage(path),
  readPath: readLocalFile,
};

function startTaskWorker(
  program: WorkerProgram | undefined,
  onStop: (reason: Error) => void,
): StartedWorker {
  const worker = isWorker(program) ? program : newWorker(program ?? taskWorkerFile);
  worker.once('error', onStop);
  worker.once('messageerror', onStop);
  worker.once('exit', (code) => onStop(new Error(`it ended with exit code ${code}`)));
  return {
    endpoint: nodeEndpoint(worker),
    terminate: () => void worker.terminate(),
    keepAlive: (alive) => (alive ? worker.ref() : worker.unref()),
  };
}

const newWorker = (file: object | string) => new Worker(file as URL | string, { execArgv: [] });

const isWorker = (program: WorkerProgram | undefined): program is Worker =>
  typeof program === 'object' && 'postMessage' in program;
