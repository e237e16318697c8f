import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { bundle } from '../support/bundle.mjs';
import { findInstalled } from '../support/find.mjs';

const FUNCTION = `
import * as anyformer from 'anyformer';
import { program } from './program.mjs';

addEventListener('fetch', (event) => {
  const answer = program(anyformer).then(
    (results) => new Response(JSON.stringify(results)),
    (error) => new Response(error.stack, { status: 500 }),
  );
  event.respondWith(answer);
});
`;

/** As Vercel's tools do it: an imported `.wasm?module` becomes a global that holds the module. */
function wasmGlobals(modules) {
  return {
    name: 'wasm-globals',
    setup({ onLoad }) {
      onLoad({ filter: /\.wasm$/ }, async ({ path, suffix }) => {
        if (suffix !== '?module') throw new Error(`${path} is imported without ?module`);
        const name = `wasm_${basename(path).replaceAll(/\W/g, '_')}`;
        modules[name] = await WebAssembly.compile(await readFile(path));
        return { contents: `export default globalThis.${name};` };
      });
    },
  };
}

/** Starts an edge function in Vercel's edge-runtime, where nothing may be compiled. */
export async function startEdgeFunction(source, folder) {
  const { EdgeRuntime } = await import('edge-runtime');
  const modules = {};
  const [code] = await bundle(source, folder, {
    format: 'iife',
    conditions: ['edge-light', 'worker', 'browser'],
    plugins: [wasmGlobals(modules)],
  });
  return new EdgeRuntime({
    initialCode: code.text,
    codeGeneration: { strings: false, wasm: false },
    extend: (context) => Object.assign(context, modules),
  });
}

export const edgeRuntime = {
  name: 'edge-runtime',
  runtime: 'edge-light',
  missing: findInstalled('edge-runtime') ? undefined : 'npm ci brings it (edge-runtime)',
  async run(folder) {
    const runtime = await startEdgeFunction(FUNCTION, folder);
    const response = await runtime.dispatchFetch('http://function/');
    if (!response.ok) throw new Error(await response.text());
    return response.json();
  },
};
