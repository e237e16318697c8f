import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const MAIN = `
import * as anyformer from 'anyformer';
import * as programs from './program.mjs';

const [name] = globalThis.Deno?.args ?? process.argv.slice(2);
console.log(JSON.stringify(await programs[name](anyformer)));
`;

/** Runs the conformance program in a process of its own, which has to end by itself. @param {string} [name] */
export async function runMain(binary, args, folder, name = 'program') {
  const main = join(folder, 'main.mjs');
  await writeFile(main, MAIN);
  const { stdout } = await promisify(execFile)(binary, [...args, main, name], {
    cwd: folder,
    timeout: 50_000,
  });
  return JSON.parse(stdout);
}
