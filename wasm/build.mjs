// Compiles wasm/index.ts into dist/wasm/, once per instruction set and kind of memory, and copies the
// tfjs binaries beside it. Run: node wasm/build.mjs

import { copyFile, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { guestViolations } from './inspect.mjs';

const sourceFolder = dirname(fileURLToPath(import.meta.url));
const defaultOutput = join(sourceFolder, '..', 'dist', 'wasm');

/** The four builds: `relaxed` may fuse multiply and add, `shared` links to a shared memory. */
export const builds = [
  { name: 'anyformer.simd.wasm', relaxed: false, shared: false },
  { name: 'anyformer.relaxed.wasm', relaxed: true, shared: false },
  { name: 'anyformer.simd.shared.wasm', relaxed: false, shared: true },
  { name: 'anyformer.relaxed.shared.wasm', relaxed: true, shared: true },
];

const tfjsBinaries = ['tfjs-backend-wasm-simd.wasm', 'tfjs-backend-wasm-threaded-simd.wasm'];

function compilerFlags({ relaxed, shared }) {
  return [
    ...['-O3', '--noAssert', '--runtime', 'stub', '--use', 'abort='],
    // A guest in a memory of any size: none of its own, no page asked for.
    ...['--importMemory', '--noExportMemory', '--initialMemory', '0'],
    ...['--enable', 'simd', '--enable', 'bulk-memory'],
    ...(relaxed ? ['--enable', 'relaxed-simd'] : []),
    ...(shared ? ['--enable', 'threads', '--sharedMemory', '--maximumMemory', '65536'] : []),
  ];
}

async function compile(build, outputFolder) {
  const unchecked = join(outputFolder, `unchecked.${process.pid}.wasm`);
  try {
    const { error, stderr } = await asc.main([
      'index.ts',
      ...['--baseDir', sourceFolder, '--outFile', unchecked],
      ...compilerFlags(build),
    ]);
    if (error) throw new Error(`${build.name} did not compile:\n${stderr.toString()}`);
    const bytes = await readFile(unchecked);
    const violations = guestViolations(bytes);
    if (violations.length > 0) throw new Error(`${build.name} ${violations.join('; ')}.`);
    // Whole or not at all: somebody may be reading the file of an earlier build.
    await rename(unchecked, join(outputFolder, build.name));
    return bytes.length;
  } finally {
    await rm(unchecked, { force: true });
  }
}

/** Builds everything; returns the size of each file in bytes. */
export async function buildWasm(outputFolder = defaultOutput) {
  await mkdir(outputFolder, { recursive: true });
  const sizes = {};
  for (const build of builds) sizes[build.name] = await compile(build, outputFolder);
  const tfjs = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
  for (const name of tfjsBinaries) await copyFile(join(tfjs, name), join(outputFolder, name));
  return sizes;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, size] of Object.entries(await buildWasm())) {
    console.log(`${name.padEnd(32)}${String(size).padStart(8)} bytes`);
  }
}
