import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root, runNode, temporaryFolder } from '../support/builtPackage.ts';
import { chromium, openPage } from '../support/chromium.ts';
import { serveStatic } from '../support/staticServer.ts';

const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; worker-src 'self'";

let folder: string;
beforeAll(async () => {
  folder = join(await temporaryFolder(), 'public');
  const built = await runNode([`${root}examples/script-tag/build.mjs`, folder], root);
  expect(built).toMatchObject({ code: 0, stderr: '' });
  expect(built.stdout).toMatch(/^Trained on 54 messages: /);
  const right = /^Right on messages .*: (\d\.\d\d) \(/m.exec(built.stdout)?.[1];
  expect(Number(right)).toBeGreaterThan(0.6);
});
afterAll(() => rm(join(folder, '..'), { recursive: true, force: true }));

it('carries the hash of the script that it has', async () => {
  const integrity = JSON.parse(await readFile(`${root}dist/integrity.json`, 'utf8'));
  expect(await readFile(`${folder}/index.html`, 'utf8')).toContain(
    `src="anyformer/anyformer.iife.js" integrity="${integrity['anyformer.iife.js']}"`,
  );
});

it.skipIf(!chromium.path)(
  `shows the fallback where the hash is wrong: ${chromium.title}`,
  async () => {
    const page = await readFile(`${folder}/index.html`, 'utf8');
    const wrong = page.replace(/integrity="sha384-.{4}/, 'integrity="sha384-AAAA');
    expect(wrong).not.toBe(page);
    const files = { '/index.html': wrong };
    const server = await serveStatic({ folders: { '/': folder }, files, policy: POLICY });
    const browser = await chromium.launch();
    try {
      const { page, complaints } = await openPage(browser, `${server.address}index.html`);
      expect(complaints.join()).toContain('integrity');
      const seen = await page.evaluate(`({
      defined: customElements.get('anyformer-classifier') !== undefined,
      text: document.querySelector('anyformer-classifier').innerText.trim(),
      isSeen: document.querySelector('anyformer-classifier a').checkVisibility(),
    })`);
      expect(seen).toEqual({
        defined: false,
        text: 'You can also write to us: help@shop.example',
        isSeen: true,
      });
    } finally {
      await browser.close();
      await server.close();
    }
  },
);

it.skipIf(!chromium.path)(`works with the model in a worker: ${chromium.title}`, async () => {
  const html = await readFile(`${folder}/index.html`, 'utf8');
  const files = { '/index.html': html.replace('min-score="0.5"', 'min-score="0.5" worker') };
  const server = await serveStatic({ folders: { '/': folder }, files, policy: POLICY });
  const browser = await chromium.launch();
  try {
    const { page, complaints } = await openPage(browser, `${server.address}index.html`);
    await page.evaluate(
      `document.querySelector('anyformer-classifier').value = 'Where is my parcel?'; undefined`,
    );
    await page.waitForFunction(
      `document.querySelector('anyformer-classifier').shadowRoot.querySelector('.best .name')?.textContent === 'delivery'`,
    );
    expect(server.requests).toContain('/anyformer/runtime/browserTaskWorker.js');
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
    await server.close();
  }
});

it.skipIf(!chromium.path).each([
  ['one thread', false, /^WebAssembly, one thread$/],
  ['threads, where the page is isolated', true, /^WebAssembly, (\d threads|one thread)$/],
])(`works with %s: ${chromium.title}`, async (_, isolated, engine) => {
  const server = await serveStatic({ folders: { '/': folder }, policy: POLICY, isolated });
  const browser = await chromium.launch();
  try {
    const { page, complaints } = await openPage(browser, `${server.address}index.html`);
    await page.waitForFunction(`document.querySelector('#engine').textContent !== ''`);
    expect(await page.$eval('#engine', ({ textContent }) => textContent)).toMatch(engine);
    const best = await page.evaluate(`(async () => {
      const element = document.querySelector('anyformer-classifier');
      const best = [];
      for (const text of ['Where is my parcel?', 'I want my money back', 'What a lovely shop, thanks']) {
        element.value = text;
        const { detail } = await new Promise((resolve) => element.addEventListener('prediction', resolve, { once: true }));
        best.push(detail.scores[0].label);
      }
      return best;
    })()`);
    expect(best).toEqual(['delivery', 'refund', 'praise']);
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
    await server.close();
  }
});
