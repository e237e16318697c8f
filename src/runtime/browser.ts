import type { Endpoint } from 'comlink';
import { browserSchemes } from '../storage/browserStorage.ts';
import { javaScript } from './javaScriptFallback.ts';
import type { Runtime, WasmFile } from './runtime.ts';

// Each address is written out, and only when it is asked for: bundlers copy the files they find
// written like this, and a classic script has no import.meta.url to make them from.
const addresses: Readonly<Record<WasmFile, () => URL>> = {
  'tfjs-backend-wasm-simd.wasm': () =>
    new URL('../wasm/tfjs-backend-wasm-simd.wasm', import.meta.url),
  'tfjs-backend-wasm-threaded-simd.wasm': () =>
    new URL('../wasm/tfjs-backend-wasm-threaded-simd.wasm', import.meta.url),
  'anyformer.simd.wasm': () => new URL('../wasm/anyformer.simd.wasm', import.meta.url),
  'anyformer.relaxed.wasm': () => new URL('../wasm/anyformer.relaxed.wasm', import.meta.url),
  'anyformer.simd.shared.wasm': () =>
    new URL('../wasm/anyformer.simd.shared.wasm', import.meta.url),
  'anyformer.relaxed.shared.wasm': () =>
    new URL('../wasm/anyformer.relaxed.shared.wasm', import.meta.url),
};

/** In a worker for tasks: the address of the page that started it. */
let base: string | undefined;

/**
 * Browsers: the page's main thread, and Web Workers. WebAssembly and the worker's program are files
 * beside this one, so a Content-Security-Policy of `script-src 'self' 'wasm-unsafe-eval'` will do.
 *
 * Threads need shared memory, which browsers give to pages that are cross-origin isolated. A page's
 * main thread may not sleep: it spins while the last thread ends its part, and the page does not
 * answer during a long call, as without threads. Train in a Web Worker where that disturbs.
 */
export const runtime: Runtime = {
  name: 'browser',
  loadWasm: async (file) => addresses[file](),
  // A part of its own, for those whose bundler copies no files.
  unpackWasm: async (file) => (await import('./packedWasm.ts')).unpackWasm(file),
  // As for fetch.
  get base() {
    return base ?? globalThis.document?.baseURI ?? globalThis.location?.href;
  },
  schemes: browserSchemes,
  javaScript,
  get withoutThreads() {
    if (globalThis.crossOriginIsolated !== true) {
      return (
        'the page is not cross-origin isolated; serve it with the headers ' +
        'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp'
      );
    }
    return typeof Worker === 'undefined' ? 'there is no Worker here' : undefined;
  },
  threads: {
    available: () => navigator.hardwareConcurrency ?? 1,
    get mayBlock() {
      try {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
        return true;
      } catch {
        return false;
      }
    },
    start(data, onError) {
      const worker = new Worker(new URL('./browserWorker.js', import.meta.url), { type: 'module' });
      worker.onerror = ({ message }) => {
        // Without a message it is the file itself.
        onError(
          new Error(
            message ||
              "the worker's file browserWorker.js could not be loaded; serve it beside the script",
          ),
        );
      };
      worker.onmessageerror = () => onError(new Error('the memory could not be handed to it'));
      worker.postMessage(data);
    },
  },
  taskWorkers: {
    // A part of its own, which the worker's own program is built without: bundlers take no worker
    // that starts itself.
    start: async (...given) => (await import('./browserTasks.ts')).startTaskWorker(...given),
    parent: () => globalThis as unknown as Endpoint,
    setBase(address) {
      base = address;
    },
    hold: (lock) =>
      new Promise((held, refused) => {
        navigator.locks
          .request(lock, () => {
            held();
            return new Promise(() => {});
          })
          .catch(refused);
      }),
  },
};
