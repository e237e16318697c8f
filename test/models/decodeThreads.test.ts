import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { bundleFile, bundleKernels } from '../bench/support/bundle.mjs';
import { root } from '../support/builtPackage.ts';
import { untilThreadsRun } from '../support/threadsRun.ts';

const run = promisify(execFile);

/** Decodes with so many threads, which all have started. Wide enough for phases to be shared. */
const decoding = (threads: number) => `
  const { createEngine, Decoder } = await import('${pathToFileURL(bundleFile).href}');
  const engine = await createEngine({ threads: ${threads} });
  const decoder = new Decoder(
    { vocabSize: 1500, hiddenSize: 320, numHiddenLayers: 2, numAttentionHeads: 5 },
    1,
  );
  const prompts = [70, 3, 90].map((n, row) => Array.from({ length: n }, (_, i) => i * (row + 2)));
  const cache = decoder.createCache({ batchSize: 3, maxLength: 128 });
  const results = [];
  const keep = (logits) => results.push([...new Int32Array(Float32Array.from(logits).buffer)]);
  // Again, when all the threads take part.
  for (let round = 0; round < 4; round++) {
    cache.truncate(0);
    keep(decoder.prefill(prompts, cache));
    for (let i = 0; i < 5; i++) keep(decoder.step([i, 7 * i, 900 + i], cache));
    cache.reorder([2]);
    for (let i = 0; i < 5; i++) keep(decoder.step([i], cache));
    ${untilThreadsRun}
  }
  console.log(JSON.stringify({ threads: engine.info().threads, results }));
`;

/** The same of targets with sources, one of them empty. */
const translating = (threads: number) => `
  const { createEngine, EncoderDecoder } = await import('${pathToFileURL(bundleFile).href}');
  const engine = await createEngine({ threads: ${threads} });
  const model = new EncoderDecoder(
    { vocabSize: 1500, hiddenSize: 320, numHiddenLayers: 2, numAttentionHeads: 5 },
    1,
  );
  const sources = [90, 0, 7].map((n, row) => Array.from({ length: n }, (_, i) => i * (row + 2)));
  const results = [];
  const keep = (logits) => results.push([...new Int32Array(Float32Array.from(logits).buffer)]);
  for (let round = 0; round < 4; round++) {
    const cache = model.createCache(sources, { batchSize: 6, maxLength: 64 });
    keep(model.prefill([[1], [2, 3], [4]], cache));
    cache.reorder([0, 0, 1, 2, 2, 2]);
    for (let i = 0; i < 5; i++) keep(model.step([i, 7 * i, 900 + i, 3, 4, 5], cache));
    cache.dispose();
    ${untilThreadsRun}
  }
  console.log(JSON.stringify({ threads: engine.info().threads, results }));
`;

async function decode(threads: number, program = decoding) {
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program(threads)], {
    cwd: root,
    timeout: 60_000,
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(stdout);
}

beforeAll(() => bundleKernels());

it('decodes to the same bits with any number of threads', { timeout: 90_000 }, async () => {
  const [one, two, four] = [await decode(1), await decode(2), await decode(4)];
  expect(two.threads).toMatchObject({ enabled: true, count: 2 });
  expect(four.threads).toMatchObject({ enabled: true, count: 4 });
  expect(one.results.length).toBe(44);
  for (const other of [two, four]) expect(other.results).toEqual(one.results);
  expect(one.results.slice(11, 22)).toEqual(one.results.slice(0, 11));
});

it('translates to the same bits with any number of threads', { timeout: 90_000 }, async () => {
  const [one, three] = [await decode(1, translating), await decode(3, translating)];
  expect(three.threads).toMatchObject({ enabled: true, count: 3 });
  expect(one.results.length).toBe(24);
  expect(three.results).toEqual(one.results);
  expect(one.results.slice(6, 12)).toEqual(one.results.slice(0, 6));
});
