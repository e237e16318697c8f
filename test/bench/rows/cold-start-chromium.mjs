import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createEngine } from 'anyformer';
import { build } from 'esbuild';
import puppeteer from 'puppeteer-core';
import { findChromium } from '../../runtimes/support/find.mjs';
import { checkAgreement } from '../support/agreement.mjs';
import { serveCached } from '../support/cachedSite.mjs';
import { alternateStarts, saveArticle, saveSpam } from '../support/coldModels.mjs';
import { median } from '../support/measure.mjs';
import { ortName } from '../support/ort.mjs';
import { probabilitiesOf, softmaxOf } from '../support/probabilities.mjs';
import { engineOptions } from '../support/settings.mjs';

const ROUNDS = 9;
/** What issue 4 asks for. */
const BAR = 250;

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A page of its own each time, whose files the browser has: from its opening to its first prediction. */
export async function measure({ progress, report }) {
  const executablePath = findChromium();
  if (!executablePath) {
    progress('Chromium left out: apt-get install chromium, or set CHROMIUM to its path');
    return;
  }
  await createEngine(engineOptions);
  const site = await mkdtemp(path.join(tmpdir(), 'bench-'));
  const browser = await puppeteer.launch({
    executablePath,
    args: ['--no-sandbox'],
    // Not the pages: tools that watch one make its requests and its scripts slower.
    targetFilter: (target) => target.type() === 'browser',
    waitForInitialPage: false,
  });
  const tabs = await browser.target().createCDPSession();
  // Isolation is for threads, and costs a page that has none a process of its own.
  const server = await serveCached(site, { isolated: engineOptions.threads > 1 });
  const start = (page) => open(tabs, server, page);
  try {
    await buildPages(site);
    progress('the spam model');
    await report(await spamStart(site, start));
    progress("the article's model");
    await report(await articleStart(site, start));
  } finally {
    await browser.close();
    server.close();
    await rm(site, { recursive: true });
  }
}

async function spamStart(site, start) {
  const { text, expected } = await saveSpam(path.join(site, 'spam'));
  await writeFile(path.join(site, 'spam.html'), pageOf('js/ours.js', { folder: '/spam/', text }));
  const { scores, info } = await start('spam.html');
  const scoreOf = (list) => list.map(({ score }) => score);
  checkAgreement('cold-start-chromium: the probabilities', scoreOf(scores), scoreOf(expected));
  const starts = ['spam.html', 'empty.html'].map((page) => () => start(page));
  await start('empty.html');
  const [ours, empty] = await alternateStarts(starts, ROUNDS, timesOf);
  return {
    name: 'cold-start in Chromium, spam model',
    ours: ours.milliseconds,
    peers: [{ peerName: `bar of ${BAR} ms`, peer: BAR }],
    unit: 'ms',
    ...info,
    note: `${noteOf(ours)}; a page with an empty script takes ${empty.milliseconds.toFixed(0)} ms`,
  };
}

async function articleStart(site, start) {
  const { text, ids } = await saveArticle(
    path.join(site, 'article'),
    path.join(site, 'model.onnx'),
  );
  const given = { folder: '/article/', text };
  await writeFile(path.join(site, 'article.html'), pageOf('js/ours.js', given));
  await writeFile(path.join(site, 'ort.html'), pageOf('ort/page.mjs', { ids: Array.from(ids) }));
  const { scores, info } = await start('article.html');
  const { logits } = await start('ort.html');
  checkAgreement(
    "cold-start-chromium: the article's probabilities",
    probabilitiesOf(scores),
    softmaxOf(logits),
  );
  const starts = ['article.html', 'ort.html'].map((page) => () => start(page));
  const [ours, peer] = await alternateStarts(starts, ROUNDS, timesOf);
  return {
    name: "cold-start in Chromium, article's model",
    ours: ours.milliseconds,
    peers: [{ peerName: ortName, peer: peer.milliseconds }],
    unit: 'ms',
    ...info,
    note: noteOf(ours),
  };
}

/** The median, and the least, which other programs disturbed least. */
function timesOf(found) {
  const asked = found.flatMap((start) => start.asked);
  if (asked.length > 0) throw new Error(`The browser had not kept ${[...new Set(asked)]}.`);
  const times = found.map(({ milliseconds }) => milliseconds);
  return { milliseconds: median(times), least: Math.min(...times) };
}

const noteOf = ({ least }) =>
  `from the page's opening on, ${least.toFixed(0)} ms at least; its files are in the browser's cache`;

/** Opens a page on a tab of its own, and gives what it found once it has predicted. */
async function open(tabs, server, name) {
  const before = server.asked.length;
  const telling = server.found();
  const url = `${server.address}/${name}`;
  const { targetId } = await tabs.send('Target.createTarget', { url });
  const found = await telling;
  await tabs.send('Target.closeTarget', { targetId });
  if (found.error) throw new Error(`${name}: ${found.error}`);
  return { ...found, asked: server.asked.slice(before) };
}

const pageOf = (script, given) =>
  `<!doctype html><meta charset="utf-8"><title>start</title><link rel="icon" href="data:,">` +
  `<script id="given" type="application/json">${JSON.stringify(given).replaceAll('<', '\\u003c')}</script>` +
  `<script type="module" src="/${script}"></script>`;

const tell = (body) => `
const given = JSON.parse(document.querySelector('#given').textContent);
const run = async () => { ${body} };
const found = await run().then(
  (found) => ({ ...found, milliseconds: found.end }),
  (error) => ({ error: error.stack }),
);
await fetch('/found', { method: 'POST', body: JSON.stringify(found) });`;

/** Ours as a user bundles it, the peer's files as its documentation has them, and an empty page. */
async function buildPages(site) {
  await writeFile(path.join(site, 'empty.html'), pageOf('empty.mjs', {}));
  await writeFile(path.join(site, 'empty.mjs'), tell('return { end: performance.now() };'));
  await build({
    stdin: {
      contents: `import { createEngine, TextClassifier } from 'anyformer';
${tell(`
  // Both at once, as load by itself does.
  const [engine, classifier] = await Promise.all([
    createEngine(${JSON.stringify(engineOptions)}),
    TextClassifier.load(new URL(given.folder, location.href)),
  ]);
  const scores = await classifier.predict(given.text);
  const end = performance.now();
  const { threads, relaxedSimd } = engine.info();
  return { scores, end, info: { threads: threads.count, relaxed: relaxedSimd.enabled } };`)}`,
      resolveDir: root,
    },
    outdir: path.join(site, 'js'),
    entryNames: 'ours',
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    conditions: ['browser'],
    logLevel: 'error',
  });
  await cp(path.join(root, 'dist/wasm'), path.join(site, 'wasm'), { recursive: true });
  await cp(
    path.join(root, 'dist/runtime/browserWorker.js'),
    path.join(site, 'js/browserWorker.js'),
  );
  const ort = path.join(root, 'node_modules/onnxruntime-web/dist');
  for (const file of [
    'ort.wasm.min.mjs',
    'ort-wasm-simd-threaded.mjs',
    'ort-wasm-simd-threaded.wasm',
  ]) {
    await cp(path.join(ort, file), path.join(site, 'ort', file));
  }
  await writeFile(
    path.join(site, 'ort/page.mjs'),
    `import * as ort from './ort.wasm.min.mjs';
${tell(`
  ort.env.wasm.numThreads = ${engineOptions.threads};
  const session = await ort.InferenceSession.create('/model.onnx', { executionProviders: ['wasm'] });
  const tensor = (values) => new ort.Tensor('int64', values, [1, values.length]);
  const ids = BigInt64Array.from(given.ids, BigInt);
  const { logits } = await session.run({ ids: tensor(ids), mask: tensor(ids.map(() => 1n)) });
  return { logits: [...logits.data], end: performance.now() };`)}`,
  );
}
