/**
 * Times what we build against its named peer, alternately and in the same process.
 *
 *     npm run bench [-- NAME…] [--json [FILE.json]] [--profile] [--threads N]
 *
 * NAME is a row of registry.mjs; without one all are run. `--json` writes the results as JSON to
 * the file, or to stdout in place of the table. `--profile` adds where our training step's time goes.
 * `--threads` is for train-step and memory; the rows of single operations have one.
 * Every row has a process of its own: what one leaves on the heap, or taught the compiler, does not
 * reach the next.
 */
import { fork } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { registry } from './registry.mjs';
import { bundleKernels } from './support/bundle.mjs';
import { formatTable } from './support/table.mjs';

const rowProcess = fileURLToPath(new URL('runRow.mjs', import.meta.url));
// Peers and tests are found beside the package, wherever it is called from.
const callersFolder = process.cwd();
process.chdir(fileURLToPath(new URL('../..', import.meta.url)));

const options = parseArguments(process.argv.slice(2));
await bundleKernels();
const results = [];
const profiles = [];
for (const name of options.names) {
  const { code, ...found } = await runRow(name);
  results.push(...found.results);
  profiles.push(...found.profiles);
  if (code === 0) continue;
  // The other rows still tell something.
  console.error(`The row '${name}' stopped with exit code ${code}.`);
  process.exitCode = 1;
}
await print();

function parseArguments(given) {
  const parsed = { names: [], json: undefined, profile: false };
  for (let i = 0; i < given.length; i++) {
    if (given[i] === '--profile') parsed.profile = true;
    else if (given[i] === '--threads') process.env.BENCH_THREADS = given[++i];
    else if (given[i] === '--json') {
      const hasFile = given[i + 1]?.endsWith('.json');
      parsed.json = hasFile ? path.resolve(callersFolder, given[++i]) : 'stdout';
    } else if (Object.hasOwn(registry, given[i])) parsed.names.push(given[i]);
    else {
      const known = Object.keys(registry).join(', ');
      console.error(
        `No row '${given[i]}'. The rows are ${known}; the options --json [FILE.json], --profile, --threads N.`,
      );
      process.exit(1);
    }
  }
  if (parsed.names.length === 0) parsed.names = Object.keys(registry);
  return parsed;
}

/** Runs one row in a process of its own; gives what it reported and its exit code. */
function runRow(name) {
  const found = { results: [], profiles: [] };
  return new Promise((resolve, reject) => {
    const child = fork(rowProcess, [name, ...(options.profile ? ['--profile'] : [])], {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', process.stderr, process.stderr, 'ipc'],
    });
    child.on('message', ({ result, profile }) => {
      if (result) found.results.push(result);
      if (profile) found.profiles.push(profile);
    });
    child.on('error', reject);
    child.on('exit', (code) => resolve({ ...found, code }));
  });
}

async function print() {
  const text = `${JSON.stringify(results, null, 2)}\n`;
  if (options.json === 'stdout') {
    process.stdout.write(text);
    for (const profile of profiles) console.error(`\n${profile}`);
    return;
  }
  if (options.json) await writeFile(options.json, text);
  console.log(formatTable(results));
  for (const profile of profiles) console.log(`\n${profile}`);
}
