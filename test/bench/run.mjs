/**
 * Times what we build against its named peers, by turns in one run.
 *
 *     npm run bench [-- NAME…] [--json [FILE.json]] [--threads N] [--relaxed] [--profile]
 *
 * NAME is a row of registry.mjs, or how several begin; without one all are run. `--threads` is the
 * number of threads, 1 unless given, for us and for every peer that has threads. `--relaxed` runs the
 * rows with relaxed SIMD, by another Node where this one lacks it; without it ours does not use it.
 * `--json` writes the results as JSON to the file, or to stdout in place of the table; docs.mjs
 * makes the table of docs/benchmarks.md from such files. `--profile` adds where our training step's time goes.
 *
 * Every row has a process of its own: what one leaves on the heap, or taught the compiler, does not
 * reach the next. A peer that is not installed is left out by name.
 */
import { fork } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArguments } from './arguments.mjs';
import { registry } from './registry.mjs';
import { bundleKernels } from './support/bundle.mjs';
import { nodeWithRelaxedSimd } from './support/relaxedNode.mjs';
import { formatTable } from './support/table.mjs';

const rowProcess = fileURLToPath(new URL('runRow.mjs', import.meta.url));
// Peers and tests are found beside the package, wherever it is called from.
const callersFolder = process.cwd();
process.chdir(fileURLToPath(new URL('../..', import.meta.url)));

const { options, host } = await prepare();
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

/** The options, and the Node that runs the rows. */
async function prepare() {
  try {
    const parsed = parseArguments(process.argv.slice(2), Object.keys(registry));
    const ownHost = { execPath: process.execPath, execArgv: process.execArgv };
    return { options: parsed, host: parsed.relaxed ? await nodeWithRelaxedSimd() : ownHost };
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}

/** Runs one row in a process of its own; gives what it reported and its exit code. */
function runRow(name) {
  const found = { results: [], profiles: [] };
  return new Promise((resolve, reject) => {
    const child = fork(rowProcess, [name, ...(options.profile ? ['--profile'] : [])], {
      execPath: host.execPath,
      execArgv: [...host.execArgv, '--expose-gc'],
      env: {
        ...process.env,
        BENCH_THREADS: String(options.threads),
        BENCH_RELAXED: options.relaxed ? '1' : '0',
      },
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
  if (options.json) await writeFile(path.resolve(callersFolder, options.json), text);
  console.log(formatTable(results));
  for (const profile of profiles) console.log(`\n${profile}`);
}
