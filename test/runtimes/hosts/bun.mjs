import { findInstalled, findOnPath } from '../support/find.mjs';
import { runMain } from '../support/runMain.mjs';

const binary = findInstalled('@oven/bun-linux-x64/bin/bun') ?? findOnPath('bun');

const FLAGS = ['--no-install'];

export const bun = {
  name: 'Bun',
  runtime: 'bun',
  missing: binary ? undefined : 'npm ci brings it on Linux x64; elsewhere put bun on the PATH',
  run: (folder) => runMain(binary, FLAGS, folder),
  runInWorker: (folder) => runMain(binary, FLAGS, folder, 'programInWorker'),
};
