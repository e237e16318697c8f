import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { tfjsParts } from '../../../rollup.config.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const runtime = path.join(root, 'src/runtime/node.ts');

/** Where the bundle of our operations stands. */
export const bundleFile = path.join(root, '.cache/bench/kernels.mjs');

/** Bundles entry.ts: the operations, which the package itself does not export. */
export async function bundleKernels() {
  await mkdir(path.dirname(bundleFile), { recursive: true });
  await build({
    entryPoints: [path.join(root, 'test/bench/entry.ts')],
    outfile: bundleFile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'],
    alias: { '#runtime': runtime },
    // It finds the built WebAssembly and worker from where it stands itself.
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(runtime).href) },
    plugins: [tfjsPartsForEsbuild()],
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
    // wholeTfjs.ts is imported for what it does, which the package says none of its files is.
    ignoreAnnotations: true,
    logLevel: 'error',
  });
}

/** The same taking apart of tfjs as in the published bundle, as an esbuild plugin. */
function tfjsPartsForEsbuild() {
  const { resolveId, load } = tfjsParts();
  return {
    name: 'tfjs-parts',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /.*/ }, ({ path: id, importer }) => {
        const found = resolveId(id, importer);
        return found ? { path: found, namespace: 'tfjs-parts' } : undefined;
      });
      onLoad({ filter: /.*/, namespace: 'tfjs-parts' }, ({ path: id }) => ({ contents: load(id) }));
    },
  };
}
