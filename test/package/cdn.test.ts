import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineInfo } from '../../src/index.ts';
import { root } from '../support/builtPackage.ts';
import { chromium, firefox } from '../support/chromium.ts';
import {
  expectSameNumbers,
  onPage,
  TRAIN,
  type Trained,
  trainInNode,
} from '../support/pagePrograms.ts';
import { type Site, serveStatic } from '../support/staticServer.ts';
import { webkit } from '../support/webkit.ts';

const dist = `${root}dist`;
let expected: Trained;
beforeAll(async () => {
  expected = await trainInNode();
});

const trainOnPage = `anyformer.createEngine({ relaxed: false }).then(() => (${TRAIN})(anyformer))`;

for (const host of [chromium, firefox, webkit]) {
  describe.skipIf(!host.path)(`from a CDN: ${host.title}`, { timeout: 120_000 }, () => {
    // As npm's CDNs name what is in a package.
    const cdnSite: Site = {
      folders: { '/npm/anyformer@0.1.0/dist/': dist, '/npm/anyformer/dist/': dist },
      shared: true,
    };
    /** Trains on the page, in a worker of the CDN's program, and tells what the page has then. */
    const trainThere = (anyformer: string) => `(async () => {
      const sdk = ${anyformer};
      const engine = await sdk.createEngine({ relaxed: false });
      const here = await (${TRAIN})(sdk);
      const worker = await sdk.createWorker();
      const classifier = await sdk.TextClassifier.create({ encoder: 'ngrams', worker });
      await classifier.train([
        { text: 'sun on the beach', label: 'warm' }, { text: 'heat of the sun', label: 'warm' },
        { text: 'snow and frost', label: 'cold' }, { text: 'ice and snow', label: 'cold' },
      ], { validationSplit: 0 });
      const [{ label }] = await classifier.predict('ice and frost');
      worker.dispose();
      // It starts the other thread once there has been enough work for two.
      const end = performance.now() + 30_000;
      const isStarting = () => engine.info().threads.enabled && engine.info().threads.running < 2;
      while (isStarting() && performance.now() < end) await (${TRAIN})(sdk);
      return { here, label, threads: engine.info().threads,
        defined: customElements.get('anyformer-classifier') === sdk.AnyformerClassifier };
    })()`;
    type There = { here: Trained; label: string; threads: EngineInfo['threads']; defined: boolean };

    it.each([
      ['the package’s address, as a script', 'npm/anyformer@0.1.0', 'anyformer'],
      ['the file’s address, as a script', 'npm/anyformer/dist/anyformer.iife.js', 'anyformer'],
      ['a module', 'npm/anyformer@0.1.0/dist/anyformer.browser.js', undefined],
    ])('%s: trains on the page, in threads and in a worker', async (_, path, global) => {
      const script = await readFile(`${dist}/anyformer.iife.js`, 'utf8');
      const cdn = await serveStatic({
        ...cdnSite,
        files: { '/npm/anyformer@0.1.0': script },
        types: { '/npm/anyformer@0.1.0': 'text/javascript' },
      });
      const browser = await host.launch();
      try {
        const address = `${cdn.address}${path}`;
        const page = `<!doctype html><title>test</title>${
          global ? `<script src="${address}" crossorigin="anonymous"></script>` : ''
        }`;
        const site = { files: { '/index.html': page }, isolated: true };
        await onPage(browser, site, [], async ({ page, complaints }) => {
          const found = await page.evaluate(trainThere(global ?? `await import('${address}')`));
          const { here, ...others } = found as There;
          expectSameNumbers(here, expected);
          // WebKitGTK has no shared memory, also where the page is isolated.
          const threads = host === webkit ? { enabled: false } : { running: 2 };
          expect(others).toMatchObject({ label: 'cold', threads, defined: true });
          expect(complaints).toEqual([]);
        });
      } finally {
        await browser.close();
        await cdn.close();
      }
    });
  });
}

it.skipIf(!chromium.path)(
  `a script of another origin, with its hash: ${chromium.title}`,
  async () => {
    const cdn = await serveStatic({ folders: { '/anyformer/': dist }, shared: true });
    const integrity = JSON.parse(await readFile(`${dist}/integrity.json`, 'utf8'));
    const address = `${cdn.address}anyformer/anyformer.iife.js`;
    const tag = (hash: string) =>
      `<!doctype html><title>test</title><script src="${address}" integrity="${hash}" crossorigin="anonymous"></script>`;
    const browser = await chromium.launch();
    try {
      const files = {
        '/right.html': tag(integrity['anyformer.iife.js']),
        '/wrong.html': tag(integrity['anyformer.inline.js']),
      };
      await onPage(browser, { files }, [], async ({ page, server }) => {
        await page.goto(`${server.address}right.html`);
        expectSameNumbers((await page.evaluate(trainOnPage)) as Trained, expected);
        expect(cdn.requests).toContain('/anyformer/wasm/anyformer.simd.wasm');
        await page.goto(`${server.address}wrong.html`);
        expect(await page.evaluate('typeof anyformer')).toBe('undefined');
      });
    } finally {
      await browser.close();
      await cdn.close();
    }
  },
  120_000,
);
