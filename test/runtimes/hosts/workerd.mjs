import { basename } from 'node:path';
import { bundle } from '../support/bundle.mjs';
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

/** The modules of a Worker, as wrangler hands them to Cloudflare: JavaScript, and compiled wasm. */
export async function workerModules(source, folder, options) {
  const files = await bundle(source, folder, {
    // wrangler's own conditions, and its way with .wasm.
    conditions: ['workerd', 'worker', 'browser'],
    loader: { '.wasm': 'copy' },
    ...options,
  });
  return files
    .map(({ path, contents }) => ({
      type: path.endsWith('.wasm') ? 'CompiledWasm' : 'ESModule',
      path: basename(path),
      contents,
    }))
    .sort((a, b) => Number(a.type === 'CompiledWasm') - Number(b.type === 'CompiledWasm'));
}

/** Starts workerd through miniflare. @param more further options of miniflare's. */
export async function startWorkerd(modules, more = {}) {
  const { Miniflare } = await import('miniflare');
  return new Miniflare({ modules, compatibilityDate: '2026-04-01', ...more });
}

/** workerd, which runs Cloudflare Workers, with the built package bundled for it. */
export function workerd(...compatibilityFlags) {
  return {
    name: ['workerd', ...compatibilityFlags].join(' with '),
    runtime: 'workerd',
    missing: findInstalled('miniflare') ? undefined : 'npm ci brings it (miniflare)',
    async run(folder) {
      const worker = await startWorkerd(await workerModules(WORKER, folder), {
        compatibilityFlags,
      });
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
