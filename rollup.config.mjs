import { readdirSync } from 'node:fs';
import commonjs from '@rollup/plugin-commonjs';
import resolve from '@rollup/plugin-node-resolve';
import terser from '@rollup/plugin-terser';
import { dts } from 'rollup-plugin-dts';
import esbuild from 'rollup-plugin-esbuild';
import { thirdPartyNotices } from './rollup.notices.mjs';

const PRIVATE_GLOBALS = `
const namespace = {};
const map = new Map();
export function getGlobalNamespace() { return namespace; }
export function getGlobal(key, init) {
  if (!map.has(key)) map.set(key, init());
  return map.get(key);
}`;

/**
 * What is taken out of tfjs when it is bundled, and why:
 * - Emscripten's loaders: src/engine boots the binaries itself;
 * - the Node platform and Node's builtins: src/engine/platform.ts stands on Web standards;
 * - the engine and kernel registry on globalThis: another copy of tfjs on the page, or of this
 *   library, must not find ours.
 */
export function tfjsParts() {
  const empty = '\0tfjs:empty';
  const globals = '\0tfjs:globals';
  return {
    name: 'tfjs-parts',
    enforce: 'pre',
    resolveId(id, importer) {
      if (!importer?.includes('@tensorflow')) return null;
      if (/wasm-out\/.*\.js$/.test(id) || /platform_node(\.js)?$/.test(id)) return empty;
      if (/^(crypto|util|fs|path|os|worker_threads|perf_hooks|node-fetch|string_decoder)$/.test(id))
        return empty;
      if (/\/global_util(\.js)?$/.test(id)) return globals;
      return null;
    },
    load(id) {
      if (id === empty) return "export default {}; export const wasmWorkerContents = '';";
      if (id === globals) return PRIVATE_GLOBALS;
      return null;
    },
  };
}

const hosts = readdirSync('src/runtime')
  .filter((file) => file !== 'runtime.ts')
  .map((file) => `src/runtime/${file}`);
const entries = ['src/index.ts', 'src/tf.ts', 'src/terminal.ts'];
// cli-progress is for terminals alone, so it stays out of what everybody loads.
const isHostModule = (id) => id === '#runtime' || id.startsWith('node:') || id === 'cli-progress';

/** The published JavaScript: one module per entry and host, the rest in shared chunks. */
const code = {
  input: Object.fromEntries(
    [...entries, ...hosts].map((file) => [file.replace(/^src\/|\.ts$/g, ''), file]),
  ),
  external: isHostModule,
  output: { dir: 'dist', format: 'es', chunkFileNames: 'chunks/[name]-[hash].js' },
  plugins: [
    tfjsParts(),
    resolve({ browser: true, mainFields: ['module', 'browser', 'main'] }),
    commonjs(),
    esbuild({ target: 'es2022' }),
    // A host reads it all at each start. Classes keep their names, which consoles and traces show.
    terser({ module: true, keep_classnames: true, format: { comments: false, ascii_only: true } }),
    thirdPartyNotices('THIRD-PARTY.txt'),
  ],
  onwarn(warning, warn) {
    // Both stand in tfjs's own sources.
    if (warning.code === 'CIRCULAR_DEPENDENCY' && /@tensorflow/.test(warning.message)) return;
    if (warning.code === 'THIS_IS_UNDEFINED' && /@tensorflow/.test(warning.id ?? '')) return;
    warn(warning);
  },
};

/** Makes types resolve for everybody: tfjs names its inner files, and Node wants their endings. */
export function resolvableTypes() {
  const innerFile = /(@tensorflow\/[\w-]+\/(?:dist|wasm-out)\/[\w/-]+)(?=['"])/g;
  return {
    name: 'resolvable-types',
    renderChunk(code) {
      const library = code.includes('Symbol.dispose')
        ? '/// <reference lib="esnext.disposable" />\n'
        : '';
      return { code: library + code.replace(innerFile, '$1.js'), map: null };
    },
  };
}

/** The published types. */
const types = {
  input: Object.fromEntries(entries.map((file) => [file.replace(/^src\/|\.ts$/g, ''), file])),
  external: (id) => isHostModule(id) || /^(@tensorflow|@huggingface|valibot|pure-rand)/.test(id),
  output: { dir: 'dist', format: 'es', chunkFileNames: 'chunks/[name]-[hash].d.ts' },
  plugins: [dts(), resolvableTypes()],
};

export default [code, types];
