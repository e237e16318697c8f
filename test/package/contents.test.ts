import { readFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InstalledPackage, installPackage, runNode } from '../support/builtPackage.ts';

/** The page that `anyformer demo` serves. */
const DEMO = ['index.html', 'index.js', 'index.css', 'readRowsWorker.js']
  .concat('THIRD-PARTY.txt', 'THIRD-PARTY-worker.txt')
  .map((file) => `dist/demo/${file}`);

interface Manifest {
  readonly name: string;
  readonly bin: Record<string, string>;
  readonly exports: Record<string, string | { types: string; default: string }>;
  readonly imports: Record<'#runtime' | '#javascript', Record<string, string>>;
}

let installed: InstalledPackage;
let manifest: Manifest;
const read = (file: string) => readFile(join(installed.location, file), 'utf8');

beforeAll(async () => {
  installed = await installPackage();
  manifest = JSON.parse(await read('package.json'));
});
afterAll(() => installed?.remove());

/** The entries that are JavaScript, by what a user writes behind `import`. */
function codeEntries(): { specifier: string; types: string; code: string }[] {
  return Object.entries(manifest.exports).flatMap(([path, target]) =>
    typeof target === 'string'
      ? []
      : [
          {
            specifier: posix.join(manifest.name, path),
            types: posix.normalize(target.types),
            code: posix.normalize(target.default),
          },
        ],
  );
}

/** What `#runtime` stands for, by the conditions that choose it. */
function hostLeaves(): { condition: string; file: string }[] {
  const { types, ...leaves } = manifest.imports['#runtime'];
  return Object.entries(leaves).map(([condition, file]) => ({
    condition,
    file: posix.normalize(file),
  }));
}

/** All files of the package that `file` loads, itself among them, and what else it imports. */
async function reach(file: string) {
  const files = new Set([file]);
  const outside = new Set<string>();
  for (const reached of files) {
    if (!installed.files.includes(reached)) continue;
    for (const { fileName } of ts.preProcessFile(await read(reached)).importedFiles) {
      if (!fileName.startsWith('.')) outside.add(fileName);
      else files.add(posix.join(dirname(reached), besides(reached, fileName)));
    }
  }
  return { files: [...files], outside: [...outside].sort() };
}

/** Types name the JavaScript that they stand beside; `?module` is for a bundler. */
const besides = (file: string, imported: string) =>
  file.endsWith('.d.ts') ? imported.replace(/\.js$/, '.d.ts') : imported.replace(/\?.*$/, '');

describe('the packed files', () => {
  it('are the built ones, the manifest, the readme and the licences', () => {
    const top = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json', 'dist/THIRD-PARTY.txt'];
    top.push('dist/integrity.json');
    const built = /^dist\/((chunks|runtime)\/)?[\w.-]+(\.js|\.d\.ts)$|^dist\/wasm\/[\w.-]+\.wasm$/;
    top.push(...DEMO);
    expect(installed.files.filter((file) => !top.includes(file) && !built.test(file))).toEqual([]);
    expect(installed.files).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'package.json', 'dist/THIRD-PARTY.txt']),
    );
  });

  it('have the WebAssembly of every machine', async () => {
    const binaries = installed.files.filter((file) => file.endsWith('.wasm')).sort();
    expect(binaries).toEqual([
      'dist/wasm/anyformer.relaxed.shared.wasm',
      'dist/wasm/anyformer.relaxed.wasm',
      'dist/wasm/anyformer.simd.shared.wasm',
      'dist/wasm/anyformer.simd.wasm',
      'dist/wasm/tfjs-backend-wasm-simd.wasm',
      'dist/wasm/tfjs-backend-wasm-threaded-simd.wasm',
    ]);
    for (const file of binaries) {
      const bytes = await readFile(join(installed.location, file));
      expect({ file, magic: bytes.toString('latin1', 0, 4) }).toEqual({ file, magic: '\0asm' });
    }
  });

  it('have all that an entry or its types load, and nothing else', async () => {
    const reached = new Set<string>();
    const roots = codeEntries().flatMap(({ types, code }) => [types, code]);
    roots.push(...Object.values(manifest.bin), ...hostLeaves().map(({ file }) => file));
    roots.push(posix.normalize(manifest.imports['#javascript'].default!));
    for (const file of roots) {
      const { files } = await reach(file);
      expect(installed.files, `needed by ${file}`).toEqual(expect.arrayContaining(files));
      for (const one of files) reached.add(one);
    }
    // Started by the address of its file, not imported; served as it stands, so it imports no other.
    for (const worker of [
      'dist/runtime/nodeWorker.js',
      'dist/runtime/browserWorker.js',
      'dist/runtime/browserTaskWorker.js',
    ]) {
      expect((await reach(worker)).files).toEqual([worker]);
      reached.add(worker);
    }
    // What a page has by its address, and what that loads: they have all else inside.
    expect(await read('dist/anyformer.iife.js')).toContain('import("./anyformer.javascript.js")');
    for (const file of ['dist/anyformer.iife.js', 'dist/anyformer.javascript.js']) {
      expect(installed.files).toContain(file);
      reached.add(file);
    }
    // The page finds the library by its import map, and its worker by its address.
    expect(await read('dist/demo/index.html')).toContain('"anyformer":"../index.js"');
    expect(await read('dist/demo/index.js')).toContain('readRowsWorker.js');
    for (const file of DEMO) reached.add(file);
    const code = installed.files.filter((file) => /\.(js|d\.ts)$/.test(file));
    expect(code.filter((file) => !reached.has(file))).toEqual([]);
  });
});

describe('the entries', () => {
  it('are the six of the readme, the WebAssembly, and the manifest', () => {
    expect(Object.keys(manifest.exports)).toEqual([
      '.',
      './tf',
      './terminal',
      './worker',
      './ui',
      './inline',
      './wasm/*.wasm',
      './package.json',
    ]);
  });

  it('leave the host to #runtime: nothing of Node is imported', async () => {
    const outside: Record<string, string[]> = {};
    for (const { specifier, code } of codeEntries()) {
      outside[specifier] = (await reach(code)).outside;
    }
    expect(outside).toEqual({
      anyformer: ['#runtime'],
      'anyformer/tf': ['#runtime'],
      'anyformer/terminal': ['node:events', 'node:readline'],
      'anyformer/worker': ['#runtime'],
      'anyformer/ui': ['#runtime'],
      'anyformer/inline': [],
    });
  });

  it('load tfjs-layers only for anyformer/tf', async () => {
    const withLayers: string[] = [];
    for (const { specifier, code } of codeEntries()) {
      const { files } = await reach(code);
      const texts = await Promise.all(files.map(read));
      if (texts.some((text) => text.includes('LayersModel'))) withLayers.push(specifier);
    }
    expect(withLayers).toEqual(['anyformer/tf']);
  });

  it('leave what is of Node to the leaves for Node, Deno and Bun', async () => {
    for (const { condition, file } of hostLeaves()) {
      const { outside } = await reach(file);
      const isNode = ['node', 'deno', 'bun'].includes(condition);
      expect(
        outside.some((name) => name.startsWith('node:')),
        file,
      ).toBe(isNode);
    }
    expect((await reach('dist/runtime/browserWorker.js')).outside).toEqual([]);
    expect((await reach('dist/runtime/browserTaskWorker.js')).outside).toEqual([]);
  });

  it('can be imported, and do nothing by that, but for the program of a worker', async () => {
    const specifiers = codeEntries().map(({ specifier }) => specifier);
    const importable = specifiers.filter((specifier) => specifier !== 'anyformer/worker');
    const { stdout, stderr, code } = await runNode(
      [
        '--input-type=module',
        '-e',
        `
        const globals = Reflect.ownKeys(globalThis).length;
        const refused = () => { throw new Error('WebAssembly at the import'); };
        for (const name of ['compile', 'instantiate', 'Module', 'Memory']) {
          WebAssembly[name] = refused;
        }
        const kinds = {};
        for (const specifier of ${JSON.stringify(importable)}) {
          const names = Object.keys(await import(specifier));
          kinds[specifier] = names.length > 0;
        }
        console.log(JSON.stringify({
          kinds,
          manifest: import.meta.resolve('anyformer/package.json'),
          globalsMore: Reflect.ownKeys(globalThis).length - globals,
        }));
        `,
      ],
      installed.folder,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      kinds: {
        anyformer: true,
        'anyformer/tf': true,
        'anyformer/terminal': true,
        'anyformer/ui': true,
        'anyformer/inline': true,
      },
      manifest: pathToFileURL(join(installed.location, 'package.json')).href,
      globalsMore: 0,
    });
  });

  it('are the only way in', async () => {
    const { code, stderr } = await runNode(
      ['--input-type=module', '-e', "import 'anyformer/dist/index.js'"],
      installed.folder,
    );
    expect(code).not.toBe(0);
    expect(stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });
});
