import { execFile } from 'node:child_process';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { EngineOptions } from '../../../src/index.ts';
import { findInstalled } from '../support/find.mjs';

/** What training.mjs returns. */
export interface Trained {
  readonly runtime: string;
  readonly threads: { enabled: boolean; count: number; running: number; reason?: string };
  readonly relaxed: boolean;
  readonly losses: readonly number[];
  readonly weights: string;
  readonly scores: string;
}

/** What convolutions.mjs returns. */
export interface Convolved {
  readonly runtime: string;
  /** Of XNNPACK. */
  readonly threads: number;
  readonly digests: Readonly<Record<string, string>>;
}

/** The programs, by their names, and what they return. */
export interface Programs {
  training: Trained;
  convolutions: Convolved;
}

/** A host whose programs are processes. */
export interface ProgramHost {
  readonly name: string;
  /** Undefined where it is not installed. */
  readonly binary: string | undefined;
  readonly flags: readonly string[];
}

export const programHosts: readonly ProgramHost[] = [
  { name: 'Node', binary: process.execPath, flags: [] },
  { name: 'Node 22', binary: findInstalled('node22/bin/node'), flags: [] },
  { name: 'Node 24', binary: findInstalled('node24/bin/node'), flags: [] },
  {
    name: 'Deno',
    binary: findInstalled('@deno/linux-x64-glibc/deno'),
    flags: ['run', '--allow-all', '--no-remote', '--node-modules-dir=manual'],
  },
  { name: 'Bun', binary: findInstalled('@oven/bun-linux-x64/bin/bun'), flags: ['--no-install'] },
];

/** As every host's script begins. */
export const IMPORTS = `
import * as anyformer from 'anyformer';
import * as tf from 'anyformer/tf';
import { convolutions } from './convolutions.mjs';
import { training } from './training.mjs';

const programs = { training, convolutions };
const run = (name, options) => programs[name]({ anyformer, tf }, options);
`;

const MAIN = `${IMPORTS}
const [name, options] = globalThis.Deno?.args ?? process.argv.slice(2);
console.log(JSON.stringify(await run(name, JSON.parse(options))));
`;

/** Puts the programs beside an installed package. */
export async function writePrograms(folder: string): Promise<void> {
  for (const file of ['training.mjs', 'convolutions.mjs', 'digest.mjs']) {
    await copyFile(fileURLToPath(new URL(file, import.meta.url)), join(folder, file));
  }
  await writeFile(join(folder, 'main.mjs'), MAIN);
}

/** Runs one in a process of its own; that this ends at all shows that no thread keeps it alive. */
export async function runProgram<Name extends keyof Programs>(
  { binary, flags }: ProgramHost,
  folder: string,
  name: Name,
  options: EngineOptions,
): Promise<Programs[Name]> {
  const { stdout } = await promisify(execFile)(
    binary!,
    [...flags, 'main.mjs', name, JSON.stringify(options)],
    { cwd: folder, timeout: 60_000 },
  );
  return JSON.parse(stdout);
}
