import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InstalledPackage, installPackage } from '../support/builtPackage.ts';
import { FILL_MEMORY, FILLED_MEMORY } from '../support/pagePrograms.ts';
import { startWorkerd, workerModules } from './hosts/workerd.mjs';
import { bundle, entry } from './support/bundle.mjs';

let installed: InstalledPackage;
beforeAll(async () => {
  installed = await installPackage();
  const program = fileURLToPath(new URL('program.mjs', import.meta.url));
  await copyFile(program, join(installed.folder, 'program.mjs'));
});
afterAll(() => installed?.remove());

/** Runs `body` within a request to a Worker; it returns what becomes JSON. */
async function inWorker(
  body: string,
  {
    head = '',
    ...options
  }: { head?: string; outboundService?: (request: Request) => Response } = {},
): Promise<unknown> {
  const source = `
    import * as anyformer from 'anyformer';
    ${head}
    const run = async (request) => { ${body} };
    export default {
      fetch: (request) => run(request).then(
        (found) => Response.json(found),
        (error) => new Response(error.stack, { status: 500 }),
      ),
    };`;
  const worker = await startWorkerd(
    await workerModules(entry(source, installed.folder)),
    options as object as Parameters<typeof startWorkerd>[1],
  );
  try {
    const response = await worker.dispatchFetch('http://worker/');
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return JSON.parse(text);
  } finally {
    await worker.dispose();
  }
}

describe.each([
  ['workerd', ['anyformer.relaxed', 'anyformer.simd', 'tfjs-backend-wasm-simd'], ''],
  ['edge-light', ['anyformer.simd', 'tfjs-backend-wasm-simd'], '?module'],
])('what is bundled for %s', (condition, files, suffix) => {
  it('is the needed WebAssembly, and JavaScript that an edge runtime takes', async () => {
    const specifiers = files.map((file) => `../../dist/wasm/${file}.wasm${suffix}`);
    const source = "export * from 'anyformer'; export * as tf from 'anyformer/tf';";
    const [code] = await bundle({
      ...entry(source, installed.folder),
      format: 'esm',
      conditions: [condition, 'worker', 'browser'],
      external: ['*.wasm', '*.wasm?module'],
    });
    const imported = ts.preProcessFile(code!.text).importedFiles.map(({ fileName }) => fileName);
    expect(imported.sort()).toEqual(specifiers);
    for (const forbidden of [
      /\bnew Function\b|\bFunction\(|\beval\(/,
      /\bimport\.meta\b/,
      /\bnew Worker\b/,
      /['"`]node:/,
      /\b__dirname\b/,
    ]) {
      expect(code!.text.match(forbidden)).toBeNull();
    }
  });
});

describe('in workerd', () => {
  it('the engine has relaxed SIMD, and says why it has one thread', async () => {
    const { runtime, relaxedSimd, threads } = (await inWorker(
      'return (await anyformer.createEngine()).info();',
    )) as Record<string, unknown>;
    expect(runtime).toBe('workerd');
    expect(relaxedSimd).toEqual({ enabled: true });
    expect(threads).toMatchObject({ enabled: false, count: 1, reason: 'a Worker has one thread' });
  });

  it('the engine takes a module that the user imports, and no bytes', async () => {
    const found = await inWorker(
      `
      const bytes = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
      const { code, message } = await anyformer
        .createEngine({ relaxed: false, modules: { 'anyformer.simd.wasm': bytes } })
        .catch((error) => error);
      const given = [];
      await anyformer.createEngine({
        relaxed: false,
        modules: { 'anyformer.simd.wasm': (file) => { given.push(file); return simd; } },
      });
      return { code, message, given };`,
      { head: "import simd from 'anyformer/wasm/anyformer.simd.wasm';" },
    );
    expect(found).toEqual({
      code: 'ENGINE',
      message: expect.stringMatching(/may not be compiled.*give a WebAssembly.Module/),
      given: ['anyformer.simd.wasm'],
    });
  });

  it('a model is loaded over http', async () => {
    const saved = (await inWorker(`
      const classifier = await anyformer.TextClassifier.create({
        maxLength: 8,
        tokenizer: { type: 'wordpiece', vocabSize: 60 },
        encoder: { hiddenSize: 8, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 8 },
      });
      const texts = ['ice and snow', 'sun and sand'];
      await classifier.train(texts.map((text, n) => ({ text, label: String(n) })), { epochs: 1 });
      const files = new Map();
      await classifier.save(files);
      return {
        files: [...files].map(([name, bytes]) => [name, [...bytes]]),
        scores: await classifier.predict(texts),
      };`)) as { files: [string, number[]][]; scores: unknown };
    const files = new Map(saved.files.map(([name, bytes]) => [name, new Uint8Array(bytes)]));
    const asked: string[] = [];
    const scores = await inWorker(
      `
      const classifier = await anyformer.TextClassifier.load('https://models.example/mine');
      return classifier.predict(['ice and snow', 'sun and sand']);`,
      {
        outboundService(request) {
          asked.push(new URL(request.url).pathname);
          return new Response(files.get(asked.at(-1)!.slice('/mine/'.length)));
        },
      },
    );
    expect(scores).toEqual(saved.scores);
    expect(asked.sort()).toEqual([...files.keys()].map((name) => `/mine/${name}`).sort());
  });

  it('a training is told that no memory is left, and goes on once there is some', async () => {
    expect(await inWorker(`return (${FILL_MEMORY})(anyformer);`)).toEqual(FILLED_MEMORY);
  });

  it('a path is refused, since there are no files', async () => {
    const found = await inWorker(`
      return anyformer.TextClassifier.load('./model').catch(({ code, message }) => [code, message]);
    `);
    expect(found).toEqual(['UNSUPPORTED', expect.stringMatching(/no file system.*Map/)]);
  });
});

describe('a clock that stands still, as in production', () => {
  const stopped = 'performance.now = () => 5; Date.now = () => 5;';

  it('changes nothing in the results', async () => {
    const head = "import { program } from './program.mjs';";
    const found = await inWorker(`${stopped} return program(anyformer);`, { head });
    const expected = await inWorker('return program(anyformer);', { head });
    expect(found).toEqual(expected);
  });

  it('leaves a timer its turn while a training runs, and says nothing about the time left', async () => {
    const found = await inWorker(`
      ${stopped}
      const classifier = await anyformer.TextClassifier.create({
        maxLength: 8,
        tokenizer: { type: 'wordpiece', vocabSize: 60 },
        encoder: { hiddenSize: 8, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 8 },
      });
      const examples = ['ice and snow', 'sun and sand'].map((text, n) => ({ text, label: 'ab'[n] }));
      const controller = new AbortController();
      let last;
      const code = await classifier.train(examples, {
        epochs: 1000,
        signal: controller.signal,
        onProgress(progress) {
          if (progress.phase !== 'train') return;
          if (last === undefined) setTimeout(() => controller.abort());
          last = progress;
        },
      }).catch((error) => error.code);
      return { clock: performance.now(), code, step: last.step, elapsed: last.elapsedSeconds, remaining: last.remainingSeconds };
    `);
    expect(found).toEqual({ clock: 5, code: 'ABORTED', step: expect.any(Number), elapsed: 0 });
    expect((found as { step: number }).step).toBeLessThan(100);
  });
});

it('has no workers, and says what to do', async () => {
  const found = await inWorker(`
    const { createWorker, TextClassifier } = anyformer;
    const tell = ({ code, message }) => ({ code, message });
    const acts = [createWorker(), TextClassifier.create({ worker: true })];
    return Promise.all(acts.map((act) => act.then(() => 'made', tell)));
  `);
  const rest =
    'there are no workers in workerd; leave worker out, and the same calls run in this thread.';
  expect(found).toEqual([
    { code: 'UNSUPPORTED', message: `createWorker: ${rest}` },
    { code: 'UNSUPPORTED', message: `TextClassifier.create: ${rest}` },
  ]);
});
