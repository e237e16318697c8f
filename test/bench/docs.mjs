/**
 * Writes the results of runs of the bench into docs/benchmarks.md, between its markers.
 *
 *     npm run bench -- --json plain.json
 *     npm run bench -- --relaxed --threads 2 --json relaxed.json
 *     npm run bench:docs -- plain.json relaxed.json
 */
import { readFile, writeFile } from 'node:fs/promises';
import { replaceBetween, summarize } from './summary.mjs';

const page = new URL('../../docs/benchmarks.md', import.meta.url);
const markers = ['<!-- bench:begin -->', '<!-- bench:end -->'];

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('Name the JSON files of the runs: npm run bench:docs -- FILE.json…');
  process.exit(1);
}
const runs = await Promise.all(files.map(async (file) => JSON.parse(await readFile(file, 'utf8'))));
const text = await readFile(page, 'utf8');
await writeFile(page, replaceBetween(text, markers, summarize(runs.flat())));
