import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { bundleFile } from './bundle.mjs';

const wasmFolder = new URL('../../../dist/wasm/', import.meta.url);

/** Starts our engine on the built WebAssembly; gives the operations of entry.ts and the engine. */
export async function startOurs() {
  const operations = await import(pathToFileURL(bundleFile).href);
  const engine = await operations.createEngine({
    threads: 1,
    loadWasm: (file) => readFile(new URL(file, wasmFolder)),
  });
  return { ...operations, engine };
}
