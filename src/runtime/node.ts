import { readFile } from 'node:fs/promises';
import { FileStorage } from '../storage/fileStorage.ts';
import type { Runtime } from './runtime.ts';

// The same address from src/runtime (tests) and from dist/runtime (the package).
const wasmFolder = new URL('../../dist/wasm/', import.meta.url);

/** Node, Bun and Deno: files beside the package, read from disk. */
export const runtime: Runtime = {
  name: 'node',
  loadWasm: (file) => readFile(new URL(file, wasmFolder)),
  openPath: (path) => new FileStorage(path),
};
