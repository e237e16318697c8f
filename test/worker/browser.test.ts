import { copyFile, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TextClassifier } from '../../src/tasks/textClassifier.ts';
import { findChromium } from '../runtimes/support/find.mjs';
import { type Serving, servePages } from '../runtimes/support/pageServer.ts';
import { type InstalledPackage, installPackage } from '../support/builtPackage.ts';
import { longTasks } from '../support/longTasks.ts';

const chromium = findChromium();
const title = chromium ? 'Chromium' : 'Chromium, left out: set CHROMIUM to its path';

describe.skipIf(!chromium)(`a worker of a page in ${title}`, () => {
  let installed: InstalledPackage;
  let browser: Browser;

  beforeAll(async () => {
    installed = await installPackage();
    await buildSite(installed.folder, join(installed.folder, 'site'));
    browser = await puppeteer.launch({
      executablePath: chromium!,
      args: ['--no-sandbox', '--disable-gpu'],
    });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await installed?.remove();
  });

  /** Uses a page of its own. */
  async function withPage<T>(serving: Serving, use: (page: Page) => Promise<T>): Promise<T> {
    const server = await servePages(join(installed.folder, 'site'), serving);
    const page = await browser.newPage();
    try {
      await page.goto(`${server.address}index.html`);
      await page.waitForFunction('globalThis.page !== undefined');
      return await use(page);
    } finally {
      await page.close();
      await server.close();
    }
  }

  /** Calls what a page of its own has to offer. */
  const onPage = (call: string, serving: Serving): Promise<unknown> =>
    withPage(serving, (page) => page.evaluate(`page.${call}`));

  const longTasksOfTraining = (where: 'in a worker' | 'on its own thread', isolated: boolean) =>
    withPage({ isolated }, (page) =>
      longTasks(page, async () => {
        expect(await page.evaluate(`page.train(${where === 'in a worker'})`)).toBe(32);
      }),
    );

  describe.each([true, false])('isolated: %s', (isolated) => {
    it('gives the very numbers of its main thread', { timeout: 120_000 }, async () => {
      const wanted = await onPage('program()', { isolated });
      expect(wanted).toMatchObject({ runtime: 'browser', results: { abort: { seen: 3 } } });
      expect(await onPage('programInWorker()', { isolated })).toEqual(wanted);
    });

    it('leaves the page free while it trains', { timeout: 240_000 }, async () => {
      expect(await longTasksOfTraining('in a worker', isolated)).toEqual([]);
    });
  });

  it('leaves it free where it would not be: the same on its own thread has long tasks', {
    timeout: 240_000,
  }, async () => {
    const found = await longTasksOfTraining('on its own thread', false);
    expect(found.length).toBeGreaterThan(10);
  });

  it('reads paths from where its page would, which is not beside its own file', async () => {
    const classifier = await TextClassifier.create({
      encoder: { hiddenSize: 8, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 16 },
    });
    const examples = ['cold', 'warm'].map((label) => ({ text: `It is ${label}.`, label }));
    await classifier.train(examples, { epochs: 1 });
    await classifier.save(join(installed.folder, 'site/model'));
    classifier.dispose();
    const wanted = await onPage('relative(false)', { isolated: false });
    expect(Object.keys(wanted as object)).toEqual(['/model/', './model', 'model']);
    expect(await onPage('relative(true)', { isolated: false })).toEqual(wanted);
    for (const worker of [false, true]) {
      expect(await onPage(`saveRelative(${worker})`, { isolated: false })).toEqual({
        code: 'UNSUPPORTED',
        message: expect.stringMatching(
          /^Cannot write to http:.*\/other\/: http is for reading only\. Save to .* 'opfs:/,
        ),
      });
    }
  });

  it('has threads on a page that is isolated', async () => {
    expect(await onPage('threads()', { isolated: true })).toMatchObject({
      enabled: true,
      count: 2,
    });
    expect(await onPage('threads()', { isolated: false })).toMatchObject({
      enabled: false,
      reason: expect.stringMatching(/not cross-origin isolated/),
    });
  });

  it('says that its file is missing, or not allowed', { timeout: 120_000 }, async () => {
    const missing = ['browserTaskWorker.js'];
    const policy = "script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'";
    for (const serving of [{ missing }, { policy }]) {
      expect(await onPage('start()', { isolated: false, ...serving })).toEqual({
        code: 'WORKER_STOPPED',
        message: expect.stringMatching(
          /could not be started: .*browserTaskWorker\.js.*worker-src 'self'.*createWorker\(\{ program \}\)/,
        ),
      });
    }
  });

  it('fails what is waited for when it ends', { timeout: 120_000 }, async () => {
    expect(await onPage('ended()', { isolated: false })).toEqual({
      code: 'WORKER_STOPPED',
      message: expect.stringMatching(/stopped \(the browser ended it\).*resumeFromCheckpoint/),
    });
  });
});

/** As a user does who bundles with esbuild: a script, and beside it the files that workers are. */
async function buildSite(folder: string, site: string): Promise<void> {
  const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
  await copyFile(here('browserPage.mjs'), join(folder, 'browserPage.mjs'));
  await copyFile(here('../runtimes/program.mjs'), join(folder, 'program.mjs'));
  await mkdir(join(site, 'js'), { recursive: true });
  await build({
    entryPoints: [join(folder, 'browserPage.mjs')],
    outfile: join(site, 'js/page.js'),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    conditions: ['browser'],
    logLevel: 'error',
  });
  const dist = join(folder, 'node_modules/anyformer/dist');
  for (const worker of ['browserWorker.js', 'browserTaskWorker.js']) {
    await copyFile(join(dist, 'runtime', worker), join(site, 'js', worker));
  }
  await cp(join(dist, 'wasm'), join(site, 'wasm'), { recursive: true });
  await writeFile(
    join(site, 'index.html'),
    '<!doctype html><meta charset="utf-8"><title>worker</title><script type="module" src="js/page.js"></script>',
  );
}
