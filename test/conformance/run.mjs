/**
 * Runs tfjs-core's own op specs (they ship in its package) against our engine, in Node.
 *
 *     node test/conformance/run.mjs [--filter TEXT] [--json FILE]
 *
 * `--filter` runs the specs whose full name contains TEXT; `--json` writes every result.
 * Exit code 1 when a spec fails that known.mjs does not list, or when one that it lists passes.
 */
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import Jasmine from 'jasmine';
import { tfjsParts } from '../../rollup.config.mjs';
import { known } from './known.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = path.join(root, 'node_modules/.cache/conformance');
const { values: options } = parseArgs({
  options: { filter: { type: 'string' }, json: { type: 'string' } },
});

process.chdir(root);
if (!existsSync('dist/wasm/anyformer.simd.wasm')) {
  console.error(
    'dist/wasm/anyformer.simd.wasm is missing: build the WebAssembly first (npm run build).',
  );
  process.exit(1);
}
const bundle = await bundleSpecs();
const results = await runSpecs(bundle);
await rm(folder, { recursive: true, force: true });
if (options.json) await writeFile(options.json, JSON.stringify(results));
process.exit(report(results));

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

async function bundleSpecs() {
  await mkdir(folder, { recursive: true });
  const outfile = path.join(folder, 'specs.mjs');
  const core = path.join(root, 'node_modules/@tensorflow/tfjs-core/dist');
  await build({
    entryPoints: [path.join(root, 'test/conformance/entry.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'],
    // tfjs-core says that its files have no side effects; defining specs is one.
    ignoreAnnotations: true,
    // Specs and engine share one copy of tfjs-core, whichever way they name it.
    alias: {
      '@tensorflow/tfjs-core/dist': core,
      '#runtime': path.join(root, 'src/runtime/node.ts'),
    },
    plugins: [tfjsPartsForEsbuild()],
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  return outfile;
}

/** Every spec that ran: its name, status and the messages of what failed. */
async function runSpecs(bundle) {
  const results = [];
  const jasmine = new Jasmine({ projectBaseDir: root });
  jasmine.loadConfig({ spec_files: [path.relative(root, bundle)], random: false });
  jasmine.clearReporters();
  return new Promise((resolve, reject) => {
    jasmine.addReporter({
      suiteDone: ({ fullName, failedExpectations }) => {
        if (failedExpectations.length === 0) return;
        results.push({
          name: `(suite) ${fullName}`,
          status: 'failed',
          messages: texts(failedExpectations),
        });
      },
      specDone: ({ fullName, status, failedExpectations }) => {
        if (status === 'excluded') return;
        results.push({ name: fullName, status, messages: texts(failedExpectations) });
      },
      jasmineDone: ({ failedExpectations }) => {
        if (failedExpectations.length > 0) {
          results.push({ name: '(all)', status: 'failed', messages: texts(failedExpectations) });
        }
        resolve(results);
      },
    });
    if (options.filter)
      jasmine.env.configure({ specFilter: (spec) => spec.getFullName().includes(options.filter) });
    jasmine.exitOnCompletion = false;
    jasmine.execute().catch(reject);
  });
}

function texts(failedExpectations) {
  return failedExpectations.map(({ message }) => message);
}

/** Prints what failed and the summary; the exit code. */
function report(results) {
  const failed = results.filter(({ status }) => status === 'failed');
  const unlisted = failed.filter(({ name }) => !known.has(name));
  const passing = results.filter(({ name, status }) => status === 'passed' && known.has(name));
  for (const { name, messages } of unlisted)
    console.log(`FAILED ${name}\n    ${messages.join('\n    ')}`);
  for (const { name } of passing) console.log(`LISTED in known.mjs, but passes: ${name}`);
  for (const { name } of failed)
    if (known.has(name)) console.log(`known: ${name}: ${known.get(name)}`);
  const pending = results.filter(({ status }) => status === 'pending').length;
  const passed = results.length - failed.length - pending;
  console.log(`${pending} skipped by tfjs itself`);
  console.log(`${passed} passed, ${failed.length} failed`);
  return unlisted.length + passing.length > 0 ? 1 : 0;
}
