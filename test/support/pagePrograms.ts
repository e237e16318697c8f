import type { Browser } from 'puppeteer-core';
import { expect } from 'vitest';
import { root, runNode } from './builtPackage.ts';
import { openPage } from './chromium.ts';
import { type Site, type StaticServer, serveStatic } from './staticServer.ts';

/** What the program below returns. */
export interface Trained {
  readonly losses: readonly number[];
  readonly scores: readonly number[];
}

/** Trains a small classifier for 20 steps and labels two texts: the text of a function of the SDK. */
export const TRAIN = `async ({ TextClassifier }, options = {}) => {
  const words = { cold: ['snow', 'ice', 'frost'], warm: ['sun', 'beach', 'heat'] };
  const examples = Array.from({ length: 80 }, (_, n) => {
    const label = n % 2 ? 'cold' : 'warm';
    return { text: 'a day of ' + words[label][n % 3] + ' in the town', label };
  });
  const classifier = await TextClassifier.create({
    maxLength: 16,
    tokenizer: { type: 'wordpiece', vocabSize: 120 },
    encoder: { hiddenSize: 32, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 32, dropout: 0.1, pooling: 'mean', hiddenAct: 'relu' },
  });
  const losses = [];
  await classifier.train(examples, {
    epochs: 4,
    batchSize: 16,
    validationSplit: 0,
    learningRate: 5e-3,
    onProgress: ({ phase, loss }) => { if (phase === 'train') losses.push(loss); },
    ...options,
  });
  const results = await classifier.predict(['snow and frost', 'sun on the beach']);
  classifier.dispose();
  return { losses, scores: results.flat().map(({ score }) => score) };
}`;

/** What it returns in Node, without relaxed SIMD. */
export async function trainInNode(): Promise<Trained> {
  const program = `
    import * as anyformer from 'anyformer';
    await anyformer.createEngine({ relaxed: false, threads: 1 });
    console.log(JSON.stringify(await (${TRAIN})(anyformer)));`;
  const { code, stdout, stderr } = await runNode(['--input-type=module', '-e', program], root);
  if (code !== 0) throw new Error(`Training in Node failed: ${stderr}`);
  return JSON.parse(stdout);
}

/** The policy of a careful page: nothing but its own files, and no inline script or style. */
export function strictPolicy({ wasm }: { wasm: boolean }): string {
  const scripts = `script-src 'self'${wasm ? " 'wasm-unsafe-eval'" : ''}`;
  return `default-src 'none'; ${scripts}; style-src 'self'; connect-src 'self'; worker-src 'self'; require-trusted-types-for 'script'`;
}

/** A page with these scripts; a name that ends in `.mjs` is a module. */
export function pageOf(...scripts: readonly string[]): string {
  const tags = scripts.map((src) =>
    src.endsWith('.mjs')
      ? `<script type="module" src="${src}"></script>`
      : `<script src="${src}"></script>`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>test</title>${tags.join('')}</html>`;
}

/**
 * Trains and predicts on a heap that has no room left, and again once it has: the text of a function
 * of the SDK.
 */
export const FILL_MEMORY = `async ({ createEngine, TextClassifier }) => {
  const engine = await createEngine();
  const { heap } = engine;
  const examples = Array.from({ length: 64 }, (_, n) => ({
    text: (n % 2 ? 'snow ' : 'sun ').repeat(100),
    label: n % 2 ? 'cold' : 'warm',
  }));
  const classifier = await TextClassifier.create({
    maxLength: 100,
    tokenizer: { type: 'wordpiece', vocabSize: 60 },
    encoder: { hiddenSize: 64, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 256 },
  });
  const train = () => classifier.train(examples, { epochs: 1, batchSize: 32, validationSplit: 0 });
  await train();
  const tensors = engine.info().tensors;
  const blocks = [];
  let bytes = 2 ** 30;
  while (bytes >= 2 ** 20) {
    try {
      blocks.push(heap.malloc(bytes));
    } catch {
      bytes /= 2;
    }
  }
  const heapBytes = heap.bytes;
  const full = await train().then(() => 'trained', ({ code, message }) => ({ code, message }));
  const tensorsLeft = engine.info().tensors - tensors;
  for (const block of blocks) heap.free(block);
  const { globalStep } = await train();
  const [{ label }] = await classifier.predict('snow');
  classifier.dispose();
  return { heapBytes, full, tensorsLeft, globalStep, label };
}`;

/** What it returns. */
export const FILLED_MEMORY = {
  heapBytes: expect.any(Number),
  full: {
    code: 'OUT_OF_MEMORY',
    message: expect.stringMatching(
      /^Out of memory: .* of at most 3,968 MB\. Use a smaller batchSize .* dispose\(\) models/,
    ),
  },
  tensorsLeft: 0,
  globalStep: 2,
  label: expect.stringMatching(/^(cold|warm)$/),
};

/** Checks that a page has trained, to the numbers that Node had. */
export function expectSameNumbers({ losses, scores }: Trained, expected: Trained): void {
  expect(losses.length).toBe(20);
  expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.1);
  expect(scores[0]).toBeGreaterThan(0.8);
  for (const [i, loss] of losses.entries()) expect(loss).toBeCloseTo(expected.losses[i]!, 4);
  for (const [i, score] of scores.entries()) expect(score).toBeCloseTo(expected.scores[i]!, 4);
}

/** Serves pages and `dist` for a test, opens one, and closes everything after it. */
export async function onPage<Result>(
  browser: Browser,
  site: Site,
  scripts: readonly string[],
  use: (
    context: Awaited<ReturnType<typeof openPage>> & { server: StaticServer },
  ) => Promise<Result>,
): Promise<Result> {
  const server = await serveStatic({
    ...site,
    folders: { '/dist/': `${root}dist`, ...site.folders },
    files: { '/index.html': pageOf(...scripts), ...site.files },
  });
  const opened = await openPage(browser, `${server.address}index.html`);
  try {
    return await use({ ...opened, server });
  } finally {
    await opened.page.close();
    await server.close();
  }
}
