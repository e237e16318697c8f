/**
 * Writes the results of runs of the bench into README.md, between its markers.
 *
 *     npm run bench -- --json plain.json
 *     npm run bench -- --relaxed --threads 2 --json relaxed.json
 *     npm run bench:readme -- plain.json relaxed.json
 */
import { readFile, writeFile } from 'node:fs/promises';
import { replaceBetween, summarize } from './summary.mjs';

const readme = new URL('../../README.md', import.meta.url);
const markers = ['<!-- bench:begin -->', '<!-- bench:end -->'];

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('Name the JSON files of the runs: npm run bench:readme -- FILE.json…');
  process.exit(1);
}
const runs = await Promise.all(files.map(async (file) => JSON.parse(await readFile(file, 'utf8'))));
const text = await readFile(readme, 'utf8');
await writeFile(readme, replaceBetween(text, markers, summarize(runs.flat())));
