import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { relaxedSimd } from 'wasm-feature-detect';

/** An optional package of the workspace test/hosts. */
const NODE_24 = 'node_modules/node24/bin/node';

/**
 * A Node with relaxed SIMD: this one where it has it, or the one from npm.
 *
 * @returns its `execPath` and `execArgv` for `fork`.
 * @throws Error that says what is missing and how to get it.
 */
export async function nodeWithRelaxedSimd() {
  if (await relaxedSimd()) return { execPath: process.execPath, execArgv: process.execArgv };
  const file = path.join(fileURLToPath(new URL('../../..', import.meta.url)), NODE_24);
  if (existsSync(file)) return { execPath: file, execArgv: [] };
  throw new Error(
    `--relaxed needs a Node with relaxed SIMD. Node ${process.version} has none, and ${NODE_24} is ` +
      'not there; start the bench by Node 22 or newer, or by Node 20 with ' +
      '--experimental-wasm-relaxed-simd, or install the optional package node24 by `npm install` on ' +
      'Linux on x64.',
  );
}
