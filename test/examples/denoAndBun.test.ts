import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as bunHost from '../runtimes/hosts/bun.mjs';
import * as denoHost from '../runtimes/hosts/deno.mjs';
import {
  type Finished,
  type InstalledPackage,
  installPackage,
  root,
  runProgram,
} from '../support/builtPackage.ts';

let installed: InstalledPackage;
beforeAll(async () => {
  installed = await installPackage();
});
afterAll(() => installed?.remove());

/** The folder of an example, beside the installed package. */
async function copyExample(name: string): Promise<string> {
  const folder = join(installed.folder, name);
  await cp(join(root, 'examples', name), folder, { recursive: true });
  return folder;
}

/** That it learned, and labels `text` by the model that it saved. */
function expectLabel({ code, stdout, stderr }: Finished, text: string, label: string): void {
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^right on held-out texts: [\d.]+ \([\d.]+ to [\d.]+\)$/m);
  const scores = [...stdout.matchAll(/^(\w+) (\d\.\d\d) {2}(.*)$/gm)].map(([, ...row]) => row);
  expect(scores).toHaveLength(2);
  expect(scores[0]).toEqual([label, expect.any(String), text]);
  expect(Number(scores[0]![1])).toBeGreaterThan(0.8);
}

const titleOf = (host: { name: string; missing: string | undefined }, does: string) =>
  `the example for ${host.name} ${does}${host.missing ? `, left out: ${host.missing}` : ''}`;

const { deno } = denoHost;
it.skipIf(deno.missing)(titleOf(deno, 'needs no more than its task allows'), async () => {
  const folder = await copyExample('deno');
  const { tasks } = JSON.parse(await readFile(join(folder, 'deno.json'), 'utf8'));
  const [command, run, ...flags] = tasks.start.split(' ');
  expect([command, run]).toEqual(['deno', 'run']);
  const args = [run, ...denoHost.OFFLINE, ...flags];
  const finished = await runProgram(denoHost.binary!, args, folder);
  expect(finished.stdout).toMatch(/^anyformer on deno, WebAssembly$/m);
  expectLabel(finished, 'Snow and ice!', 'cold');
  const other = await runProgram(denoHost.binary!, [...args, 'A hot summer.'], folder);
  expectLabel(other, 'A hot summer.', 'warm');
});

const { bun } = bunHost;
it.skipIf(bun.missing)(titleOf(bun, 'reads its table'), async () => {
  const folder = await copyExample('bun');
  const args = [...bunHost.OFFLINE, 'main.ts'];
  const finished = await runProgram(bunHost.binary!, args, folder);
  expect(finished.stdout).toMatch(/^anyformer on bun, WebAssembly$/m);
  expectLabel(finished, 'What a lovely, great film!', 'good');
  const other = await runProgram(bunHost.binary!, [...args, 'Dull and boring.'], folder);
  expectLabel(other, 'Dull and boring.', 'bad');
});
