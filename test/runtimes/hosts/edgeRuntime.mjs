import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { bundle, entry } from '../support/bundle.mjs';
import { findInstalled } from '../support/find.mjs';

const FUNCTION = `
import * as anyformer from 'anyformer';
import { program } from './program.mjs';

export default async () => Response.json(await program(anyformer));
`;

/** The default export answers, as Vercel's tools have it. */
const SERVE = `
addEventListener('fetch', (event) => {
  const answer = Promise.resolve(module.exports.default(event.request));
  event.respondWith(answer.catch((error) => new Response(error.stack, { status: 500 })));
});
`;

/** As Vercel's tools do it: an imported `.wasm?module` becomes a global that holds the module. */
function wasmGlobals(modules) {
  return {
    name: 'wasm-globals',
    setup({ onResolve, onLoad, resolve }) {
      onResolve({ filter: /\.wasm\?module$/ }, async ({ path, importer, resolveDir }) => {
        const file = path.replace('?module', '');
        const found = await resolve(file, { importer, resolveDir, kind: 'import-statement' });
        return { ...found, namespace: 'wasm-globals' };
      });
      onLoad({ filter: /.*/, namespace: 'wasm-globals' }, async ({ path }) => {
        const name = `wasm_${basename(path).replaceAll(/\W/g, '_')}`;
        modules[name] = await WebAssembly.compile(await readFile(path));
        return { contents: `export default globalThis.${name};` };
      });
    },
  };
}

/**
 * Starts an edge function in Vercel's edge-runtime, where nothing may be compiled.
 *
 * @param {import('esbuild').BuildOptions} options
 */
export async function startEdgeFunction(options) {
  const { EdgeRuntime } = await import('edge-runtime');
  const modules = {};
  const [code] = await bundle({
    format: 'cjs',
    platform: 'browser',
    plugins: [wasmGlobals(modules)],
    ...options,
  });
  return new EdgeRuntime({
    initialCode: code.text + SERVE,
    codeGeneration: { strings: false, wasm: false },
    extend: (context) => Object.assign(context, modules, { module: {} }),
  });
}

export const edgeRuntime = {
  name: 'edge-runtime',
  runtime: 'edge-light',
  missing: findInstalled('edge-runtime') ? undefined : 'npm ci brings it (edge-runtime)',
  async run(folder) {
    // The condition that Next.js has for edge functions.
    const conditions = ['edge-light'];
    const runtime = await startEdgeFunction({ ...entry(FUNCTION, folder), conditions });
    const response = await runtime.dispatchFetch('http://function/');
    if (!response.ok) throw new Error(await response.text());
    return response.json();
  },
};
