import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entry } from '../runtimes/support/bundle.mjs';
import { type InstalledPackage, installPackage, root } from '../support/builtPackage.ts';

let installed: InstalledPackage;
beforeAll(async () => {
  installed = await installPackage();
});
afterAll(() => installed?.remove());

const gzipped = (contents: Uint8Array) => gzipSync(contents, { level: 9 }).length;

/** Bundles `source` for browsers, with chunks of what is imported when it is needed. */
const bundle = (source: string, minify: boolean) =>
  build({
    ...entry(source, installed.folder),
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    outdir: '/',
    write: false,
    metafile: true,
    minify,
    logLevel: 'error',
  });

/** The outputs that a page loads before the first line of `source` runs. */
function loadedAtOnce({ outputs }: Metafile): Set<string> {
  const loaded = new Set(
    Object.keys(outputs).filter((name) => /(^|\/)(entry|stdin)\.js$/.test(name)),
  );
  for (const name of loaded) {
    for (const { path, kind, external } of outputs[name]!.imports) {
      if (kind === 'import-statement' && !external) loaded.add(path);
    }
  }
  return loaded;
}

/** Chunks that are loaded in place of something: where WebAssembly is not found, or not allowed. */
const INSTEAD = /^(packedWasm|javascript)-/;

/**
 * Bytes of JavaScript, minified and gzipped: what is loaded at once; this and what may follow; and
 * each part that stands in for WebAssembly.
 */
async function sizesOf(source: string) {
  const { outputFiles, metafile } = await bundle(source, true);
  const atOnce = [...loadedAtOnce(metafile)].map((name) => basename(name));
  const sizes = outputFiles.map(({ path, contents }) => ({
    name: basename(path),
    bytes: gzipped(contents),
  }));
  const sum = (chosen: typeof sizes) => chosen.reduce((total, { bytes }) => total + bytes, 0);
  const instead = sizes.filter(({ name }) => INSTEAD.test(name));
  return {
    atOnce: sum(sizes.filter(({ name }) => atOnce.includes(name))),
    all: sum(sizes.filter((size) => !instead.includes(size))),
    instead: Object.fromEntries(instead.map(({ name, bytes }) => [INSTEAD.exec(name)![1], bytes])),
  };
}

const CLASSIFY_ONLY = `
import { TextClassifier } from 'anyformer';
const classifier = await TextClassifier.load('model');
console.log(await classifier.predict('a quiet, lovely film'));
`;

describe('minified and gzipped', () => {
  it('all that anyformer exports is at most 190 KB', async () => {
    const { all } = await sizesOf(
      "import * as anyformer from 'anyformer'; console.log(anyformer);",
    );
    console.info(`all of anyformer: ${all} bytes`);
    expect(all).toBeGreaterThan(50_000);
    expect(all).toBeLessThanOrEqual(190_000);
  });

  it('an app that only classifies loads at most 130 KB', async () => {
    const { atOnce } = await sizesOf(CLASSIFY_ONLY);
    console.info(`classifying alone: ${atOnce} bytes`);
    expect(atOnce).toBeGreaterThan(50_000);
    expect(atOnce).toBeLessThanOrEqual(130_000);
  });

  it.each([
    ['tfjs-backend-wasm-simd', 'anyformer.simd'],
    ['tfjs-backend-wasm-simd', 'anyformer.relaxed'],
    ['tfjs-backend-wasm-threaded-simd', 'anyformer.simd.shared'],
    ['tfjs-backend-wasm-threaded-simd', 'anyformer.relaxed.shared'],
  ])('the WebAssembly of one host, %s and %s, is at most 165 KB', async (...names) => {
    const sizes = await Promise.all(
      names.map(async (name) =>
        gzipped(await readFile(join(installed.location, `dist/wasm/${name}.wasm`))),
      ),
    );
    console.info(`${names}: ${sizes} bytes`);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(165_000);
  });
});

it('the WebAssembly of one host is at most a twentieth of onnxruntime-web’s', async () => {
  const gzippedFile = async (path: string) => gzipped(await readFile(path));
  const peer = await gzippedFile(
    join(root, 'node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm'),
  );
  const names = ['tfjs-backend-wasm-simd', 'anyformer.simd'];
  const sizes = await Promise.all(
    names.map((name) => gzippedFile(join(installed.location, `dist/wasm/${name}.wasm`))),
  );
  const ours = sizes.reduce((sum, size) => sum + size);
  console.info(`WebAssembly: ${ours} bytes, onnxruntime-web's ${peer} bytes`);
  expect(ours * 20).toBeLessThanOrEqual(peer);
});

describe('an app that only classifies', () => {
  const isTask = (exported: unknown) =>
    typeof exported === 'function' && 'create' in exported && 'load' in exported;
  const textOf = async (source: string) =>
    (await bundle(source, false)).outputFiles.map(({ text }) => text).join('\n');
  const has = (code: string, name: string) =>
    new RegExp(`\\bclass ${name}\\b|\\b${name} = class\\b`).test(code);

  it('brings no other task, and reads no tables before a file is passed', async () => {
    const index: Record<string, unknown> = await import('../../dist/index.js' as string);
    const tasks = Object.keys(index).filter((name) => isTask(index[name]));
    expect(tasks).toContain('TextClassifier');
    const whole = await textOf("import * as anyformer from 'anyformer'; console.log(anyformer);");
    const alone = await textOf(CLASSIFY_ONLY);
    // The names stand in what is bundled, so that their absence says something.
    expect(tasks.filter((name) => has(whole, name))).toEqual(tasks);
    expect(tasks.filter((name) => has(alone, name))).toEqual(['TextClassifier']);
    const { outputFiles, metafile } = await bundle(CLASSIFY_ONLY, false);
    const atOnce = [...loadedAtOnce(metafile)].map((name) => basename(name));
    const first = outputFiles.filter(({ path }) => atOnce.includes(basename(path)));
    const reads = (code: string) => code.includes('is not known; known are');
    expect([reads(whole), reads(alone)]).toEqual([true, true]);
    expect(first.map(({ text }) => reads(text))).not.toContain(true);
  });
});
