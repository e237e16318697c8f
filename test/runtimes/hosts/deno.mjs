import { findInstalled, findOnPath } from '../support/find.mjs';
import { runMain } from '../support/runMain.mjs';

export const binary = findInstalled('@deno/linux-x64-glibc/deno') ?? findOnPath('deno');

/** Deno reads node_modules as it stands, and fetches nothing. */
export const OFFLINE = ['--no-remote', '--node-modules-dir=manual'];

const FLAGS = ['run', '--allow-all', ...OFFLINE];

export const deno = {
  name: 'Deno',
  runtime: 'deno',
  missing: binary ? undefined : 'npm ci brings it on Linux x64; elsewhere put deno on the PATH',
  run: (folder) => runMain(binary, FLAGS, folder),
  runInWorker: (folder) => runMain(binary, FLAGS, folder, 'programInWorker'),
};
