import { execFile } from 'node:child_process';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { EngineOptions } from '../../../src/index.ts';
import { findInstalled } from '../findBinary.ts';

/** What program.mjs returns. */
export interface Trained {
  readonly runtime: string;
  readonly threads: { enabled: boolean; count: number; running: number; reason?: string };
  readonly relaxed: boolean;
  readonly losses: readonly number[];
  readonly weights: string;
  readonly scores: string;
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

const MAIN = `
import * as anyformer from 'anyformer';
import { program } from './program.mjs';

const argument = globalThis.Deno?.args[0] ?? process.argv[2];
console.log(JSON.stringify(await program(anyformer, JSON.parse(argument))));
`;

/** Puts the program beside an installed package. */
export async function writeProgram(folder: string): Promise<void> {
  await copyFile(
    fileURLToPath(new URL('program.mjs', import.meta.url)),
    join(folder, 'program.mjs'),
  );
  await writeFile(join(folder, 'main.mjs'), MAIN);
}

/** Runs it in a process of its own; that this ends at all shows that no thread keeps it alive. */
export async function runProgram(
  { binary, flags }: ProgramHost,
  folder: string,
  options: EngineOptions,
): Promise<Trained> {
  const { stdout } = await promisify(execFile)(
    binary!,
    [...flags, 'main.mjs', JSON.stringify(options)],
    { cwd: folder, timeout: 60_000 },
  );
  return JSON.parse(stdout);
}
