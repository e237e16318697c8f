import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { FileStorage } from '../storage/fileStorage.ts';
import type { Runtime } from './runtime.ts';

// The same address from src/runtime (tests) and from dist/runtime (the package).
const wasmFolder = new URL('../../dist/wasm/', import.meta.url);

const workerFile = new URL('../../dist/runtime/nodeWorker.js', import.meta.url);

/** Node, Bun and Deno: files beside the package, read from disk. */
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
  openPath: (path) => new FileStorage(path),
};
