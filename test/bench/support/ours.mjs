import { pathToFileURL } from 'node:url';
import { bundleFile } from './bundle.mjs';
import { engineOptions } from './settings.mjs';

let started;

/** Starts our engine on the built WebAssembly; gives the operations of entry.ts and the engine. */
export function startOurs() {
  started ??= start();
  return started;
}

async function start() {
  const operations = await import(pathToFileURL(bundleFile).href);
  return { ...operations, engine: await operations.createEngine(engineOptions) };
}
