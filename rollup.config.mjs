import { chmodSync, readdirSync } from 'node:fs';
import commonjs from '@rollup/plugin-commonjs';
import resolve from '@rollup/plugin-node-resolve';
import terser from '@rollup/plugin-terser';
import { dts } from 'rollup-plugin-dts';
import esbuild from 'rollup-plugin-esbuild';
import { dividesModules, modulesOf } from './rollup.modules.mjs';
import { thirdPartyNotices } from './rollup.notices.mjs';
import {
  addressOfModule,
  addressOfScript,
  exportOnItsOwnLine,
  handsOverTfjs,
  inlineWasm,
  packedWasm,
  printsIntegrity,
  privateGlobals,
  stands,
  startsWorkersOfOtherOrigins,
  takesOverTfjs,
} from './rollup.pages.mjs';

/** tfjs, what it depends on, and what stands in for a part of it. */
const OF_TFJS = /\/node_modules\/(@tensorflow|long|seedrandom)\/|^\0(tfjs|commonjs)/;

/** The modules of tfjs that do something when they are imported; the others only define. */
const ACTING = new RegExp(
  [
    'tfjs-core/dist/(engine|tensor|flags|base_side_effects|register_all_gradients)',
    'tfjs-core/dist/(platforms|public/chained_ops)/\\w+',
    'tfjs-core/dist/io/(?!io\\.)\\w+',
    'tfjs-backend-wasm/dist/(flags_wasm|register_all_kernels)',
    'tfjs-backend-cpu/dist/register_all_kernels',
  ]
    .map((path) => `/${path}\\.js$`)
    .join('|'),
);

const TFJS_GLOBALS = '\0tfjs:globals';

/**
 * What is taken out of tfjs when it is bundled, and why:
 * - Emscripten's loaders: src/engine boots the binaries itself;
 * - the platforms and Node's builtins: src/engine/platform.ts stands on Web standards;
 * - the engine and kernel registry on globalThis: another copy of tfjs on the page, or of this
 *   library, must not find ours.
 */
export function tfjsParts() {
  const empty = '\0tfjs:empty';
  return {
    name: 'tfjs-parts',
    enforce: 'pre',
    resolveId(id, importer) {
      if (!importer?.includes('@tensorflow')) return null;
      if (/wasm-out\/.*\.js$/.test(id) || /platform_node(\.js)?$/.test(id)) return empty;
      if (/platform_browser$/.test(id) && /base_side_effects/.test(importer)) return empty;
      if (/^(crypto|util|fs|path|os|worker_threads|perf_hooks|node-fetch|string_decoder)$/.test(id))
        return empty;
      if (/\/global_util(\.js)?$/.test(id)) return TFJS_GLOBALS;
      return null;
    },
    load(id) {
      if (id === empty) return "export default {}; export const wasmWorkerContents = '';";
      if (id === TFJS_GLOBALS) return privateGlobals('{ namespace: {}, map: new Map() }');
      return null;
    },
    transform(code, id) {
      // What is left of its own search for Node would make a bundler search, too.
      if (/\/seedrandom\.js$/.test(id))
        return { code: code.replace("require('crypto')", 'null'), map: null };
      if (!/\/tfjs-(core|backend-\w+)\//.test(id)) return null;
      return { code, map: null, moduleSideEffects: ACTING.test(id) };
    },
  };
}

const workers = readdirSync('src/runtime')
  .filter((file) => file.endsWith('Worker.ts'))
  .map((file) => `src/runtime/${file}`);
/** One leaf for each host: what the package's `imports` choose between. */
const hosts = ['browser', 'bun', 'deno', 'edgeLight', 'node', 'workerd'].map(
  (name) => `src/runtime/${name}.ts`,
);
/** What starts a worker by its address must stand beside the worker's program, not among the chunks. */
const starters = ['src/runtime/browserTasks.ts'];
const entries = ['src/index.ts', 'src/tf.ts', 'src/terminal.ts', 'src/ui.ts', 'src/worker.ts'];
/** The command, which package.json names as `bin`. */
const program = 'src/cli.ts';
const isHostModule = (id) =>
  id === '#runtime' ||
  id === '#javascript' ||
  id.startsWith('node:') ||
  /\.wasm(\?module)?$/.test(id);
const byName = (files) =>
  Object.fromEntries(files.map((file) => [file.replace(/^src\/|\.ts$/g, ''), file]));

/**
 * What Node and bundlers read: without comments, but with its lines and names. Node prints the line of
 * an error that nobody catches.
 */
const tidy = () =>
  terser({
    module: true,
    mangle: false,
    compress: { passes: 1, sequences: false, inline: false, join_vars: false },
    format: {
      beautify: true,
      indent_level: 1,
      comments: false,
      preserve_annotations: true,
      ascii_only: true,
    },
  });

// A page reads it all at each start. Classes keep their names, which consoles and traces show.
const minify = ({ module = true, annotations = true } = {}) =>
  terser({
    module,
    keep_classnames: true,
    format: { comments: false, preserve_annotations: annotations, ascii_only: true },
  });

/** cli-progress, in the chunk for terminals, names modules of Node in the old way. */
const builtins = {
  name: 'builtins',
  resolveId: (id, importer) =>
    /^(events|readline)$/.test(id) && /\/cli-progress\//.test(importer)
      ? { id: `node:${id}`, external: true }
      : null,
};

export const source = {
  external: isHostModule,
  plugins: [
    tfjsParts(),
    builtins,
    resolve({ browser: true, mainFields: ['module', 'browser', 'main'] }),
    commonjs(),
    esbuild({ target: 'es2022' }),
  ],
  onwarn(warning, warn) {
    // Both stand in tfjs's own sources.
    if (warning.code === 'CIRCULAR_DEPENDENCY' && /@tensorflow/.test(warning.message)) return;
    if (warning.code === 'CIRCULAR_CHUNK') throw new Error(warning.message);
    if (warning.code === 'THIS_IS_UNDEFINED' && /@tensorflow/.test(warning.id ?? '')) return;
    warn(warning);
  },
};

/** npm sets the bit where it installs the package; this is for the checkout. */
const executable = (file) => ({ name: 'executable', writeBundle: () => chmodSync(file, 0o755) });

/**
 * The published JavaScript: one module per entry and host, the rest in shared chunks. What
 * `anyformer` needs is a chunk of its own, so that it does not load what of tfjs is there for
 * `anyformer/tf`.
 */
async function code() {
  const divides = dividesModules(await modulesOf('src/index.ts', source));
  const divided = { ...source, plugins: [divides, ...source.plugins] };
  const needed = await modulesOf('src/index.ts', divided);
  return {
    ...divided,
    input: byName([...entries, program, ...hosts, ...starters, 'src/javascript.ts']),
    output: {
      dir: 'dist',
      format: 'es',
      // Where the addresses that it writes are those of its worker.
      chunkFileNames: ({ name }) =>
        name === 'browserTasks' ? 'runtime/[name].js' : 'chunks/[name]-[hash].js',
      onlyExplicitManualChunks: true,
      manualChunks: (id) => (OF_TFJS.test(id) && needed.has(id) ? 'tfjs' : undefined),
    },
    plugins: [
      packedWasm(),
      ...divided.plugins,
      tidy(),
      thirdPartyNotices('THIRD-PARTY.txt'),
      executable('dist/cli.js'),
    ],
  };
}

/** Where there is one file, and its WebAssembly beside it. */
const withoutPackedWasm = {
  name: 'without-packed-wasm',
  load: (id) =>
    /\/runtime\/packedWasm\.ts$/.test(id)
      ? 'export const unpackWasm = async () => undefined;'
      : null,
};

/**
 * For pages without a build: a classic script and a module, which a CDN can serve as they are, and
 * beside them what they need only where there is no WebAssembly.
 */
const script = [
  {
    ...source,
    input: 'src/script.ts',
    plugins: [
      handsOverTfjs(TFJS_GLOBALS),
      stands('#runtime', 'src/runtime/browser.ts'),
      withoutPackedWasm,
      startsWorkersOfOtherOrigins(),
      ...source.plugins,
    ],
    external: [],
    output: [
      {
        file: 'dist/anyformer.iife.js',
        format: 'iife',
        name: 'anyformer',
        inlineDynamicImports: true,
        plugins: [addressOfScript(), minify({ module: false }), printsIntegrity()],
      },
      {
        file: 'dist/anyformer.browser.js',
        format: 'es',
        inlineDynamicImports: true,
        plugins: [addressOfModule(), minify(), exportOnItsOwnLine, printsIntegrity()],
      },
    ],
  },
  {
    ...source,
    input: 'src/javascript.ts',
    plugins: [takesOverTfjs(TFJS_GLOBALS), ...source.plugins, minify()],
    output: { file: 'dist/anyformer.javascript.js', format: 'iife', name: 'javascript' },
  },
];

/** The same in one file that asks for no other. */
const inline = {
  ...source,
  input: 'src/inline.ts',
  plugins: [
    stands('#runtime', 'src/runtime/inline.ts'),
    stands('#javascript', 'src/javascript.ts'),
    inlineWasm(),
    ...source.plugins,
    minify(),
  ],
  external: [],
  output: {
    file: 'dist/anyformer.inline.js',
    format: 'es',
    inlineDynamicImports: true,
    plugins: [exportOnItsOwnLine, printsIntegrity()],
  },
};

/** The programs of workers: each a file of its own that imports nothing, to be served as it is. */
const workerCode = workers.map((file) => ({
  input: byName([file]),
  external: isHostModule,
  output: { dir: 'dist', format: 'es' },
  plugins: [esbuild({ target: 'es2022' }), minify()],
}));

/** In the program of a worker: its leaf is that for browsers, and it starts no other of its kind. */
const inTaskWorker = {
  name: 'in-task-worker',
  resolveId: (id) => (id === '#runtime' ? `${import.meta.dirname}/src/runtime/browser.ts` : null),
  load: (id) =>
    /\/runtime\/browserTasks\.ts$|\/worker\/index\.ts$/.test(id)
      ? 'export const startTaskWorker = null, makeInWorker = null, RunningWorker = null;'
      : null,
};

/** The program of a Web Worker for tasks: one file, to be served as it is. */
const taskWorkerCode = {
  ...source,
  external: [],
  input: { 'runtime/browserTaskWorker': 'src/worker.ts' },
  output: { dir: 'dist', format: 'es', inlineDynamicImports: true },
  // Nothing of a whole program is left out any more.
  plugins: [inTaskWorker, withoutPackedWasm, ...source.plugins, minify({ annotations: false })],
};

/**
 * Makes the types need no other package, and compile without `skipLibCheck`. tfjs augments the module
 * of its Tensor, which is in the same file here, names types of other packages (WebGPU, long), and has
 * two declarations that a strict compiler refuses.
 */
function wholeTypes() {
  const augmentation = /declare module ["'][./]+\/(?:tf|tensor)["'] \{\n([\s\S]*?)\n\}\n/g;
  const renamed = (code) => (body) =>
    body.replace(/\b(Tensor[1-6]D|Scalar)\b/g, (name) =>
      code.includes(`type ${name}$1 =`) ? `${name}$1` : name,
    );
  return {
    name: 'whole-types',
    renderChunk(code) {
      const rename = renamed(code);
      const whole = code
        .replace(augmentation, (_, body) => `${rename(body)}\n`)
        .replace(/\/\/\/ <(reference types="@webgpu|amd-module).*\n/g, '')
        .replace(/\): Long;/g, '): unknown;')
        .replace(/(class LayersModel extends \w+) implements [\w.]+/, '$1')
        .replace(/(interface \w+(?:<[^{]*)?) extends PyJsonDict(?= \{)/g, '$1');
      const library = code.includes('Symbol.dispose')
        ? '/// <reference lib="esnext.disposable" />\n'
        : '';
      return { code: library + whole, map: null };
    },
  };
}

/** In the types of `anyformer/tf`, those of the engine are the main entry's. */
const engineOfIndex = {
  name: 'engine-of-index',
  resolveId: (id) =>
    /^\.\/engine\/engine(Options)?\.ts$/.test(id) ? { id: './index.js', external: true } : null,
};

/** The published types. Those of tfjs are in `anyformer/tf` alone. */
const types = [
  entries.filter((entry) => entry !== 'src/tf.ts').concat('src/inline.ts', 'src/script.ts'),
  ['src/tf.ts'],
].map((files) => ({
  input: byName(files),
  external: isHostModule,
  output: { dir: 'dist', format: 'es', chunkFileNames: 'chunks/[name]-[hash].d.ts' },
  plugins: [
    ...(files.includes('src/tf.ts') ? [engineOfIndex] : []),
    dts({ respectExternal: true, compilerOptions: { stripInternal: true } }),
    wholeTypes(),
  ],
}));

export default async () => [
  await code(),
  ...workerCode,
  taskWorkerCode,
  ...script,
  inline,
  ...types,
];
