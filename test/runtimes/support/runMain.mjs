import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const MAIN = `
import * as anyformer from 'anyformer';
import { program } from './program.mjs';

console.log(JSON.stringify(await program(anyformer)));
`;

/** Runs the conformance program in a process of its own, which has to end by itself. */
export async function runMain(binary, args, folder) {
  const main = join(folder, 'main.mjs');
  await writeFile(main, MAIN);
  const { stdout } = await promisify(execFile)(binary, [...args, main], {
    cwd: folder,
    timeout: 50_000,
  });
  return JSON.parse(stdout);
}
