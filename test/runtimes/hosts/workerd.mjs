import { basename, extname } from 'node:path';
import { bundle, entry } from '../support/bundle.mjs';
import { findInstalled } from '../support/find.mjs';

const WORKER = `
import * as anyformer from 'anyformer';
import { program } from './program.mjs';

export default {
  async fetch() {
    try {
      return Response.json(await program(anyformer));
    } catch (error) {
      return new Response(error.stack, { status: 500 });
    }
  },
};
`;

/**
 * Bundles a Worker as wrangler does, into the modules that Cloudflare is handed: JavaScript first,
 * `.wasm` compiled, and what else is copied as bytes.
 *
 * @param {import('esbuild').BuildOptions} options
 */
export async function workerModules(options) {
  const files = await bundle({
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    ...options,
    loader: { '.wasm': 'copy', ...options.loader },
  });
  const modules = files.map(({ path, contents }) => ({
    type: { '.js': 'ESModule', '.wasm': 'CompiledWasm' }[extname(path)] ?? 'Data',
    path: basename(path),
    contents,
  }));
  return modules.sort((a, b) => Number(b.type === 'ESModule') - Number(a.type === 'ESModule'));
}

/**
 * Starts workerd through miniflare.
 *
 * @param {Awaited<ReturnType<typeof workerModules>>} modules
 * @param {import('miniflare').SharedOptions & import('miniflare').WorkerOptions} options
 */
export async function startWorkerd(modules, options = {}) {
  const { Miniflare } = await import('miniflare');
  return new Miniflare({ modules, compatibilityDate: '2026-04-01', ...options });
}

/** workerd, which runs Cloudflare Workers, with the built package bundled for it. */
export function workerd(...compatibilityFlags) {
  return {
    name: ['workerd', ...compatibilityFlags].join(' with '),
    runtime: 'workerd',
    missing: findInstalled('miniflare') ? undefined : 'npm ci brings it (miniflare)',
    async run(folder) {
      const modules = await workerModules(entry(WORKER, folder));
      const worker = await startWorkerd(modules, { compatibilityFlags });
      try {
        const response = await worker.dispatchFetch('http://worker/');
        if (!response.ok) throw new Error(await response.text());
        return await response.json();
      } finally {
        await worker.dispose();
      }
    },
  };
}
