import { findInstalled, findOnPath } from '../support/find.mjs';
import { runMain } from '../support/runMain.mjs';

export const binary = findInstalled('@oven/bun-linux-x64/bin/bun') ?? findOnPath('bun');

export const OFFLINE = ['--no-install'];

export const bun = {
  name: 'Bun',
  runtime: 'bun',
  missing: binary ? undefined : 'npm ci brings it on Linux x64; elsewhere put bun on the PATH',
  run: (folder) => runMain(binary, OFFLINE, folder),
  runInWorker: (folder) => runMain(binary, OFFLINE, folder, 'programInWorker'),
};
