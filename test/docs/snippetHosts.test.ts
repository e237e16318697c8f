import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'puppeteer-core';
import { build as buildWithVite } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as bunHost from '../runtimes/hosts/bun.mjs';
import * as denoHost from '../runtimes/hosts/deno.mjs';
import { startEdgeFunction } from '../runtimes/hosts/edgeRuntime.mjs';
import { startWorkerd, workerModules } from '../runtimes/hosts/workerd.mjs';
import { runProgram } from '../support/builtPackage.ts';
import { chromium } from '../support/chromium.ts';
import { untilTrue } from '../support/pageState.ts';
import { serveStatic } from '../support/staticServer.ts';
import { bundle, modelFiles, runBundled, save, withPage } from './support/hosts.ts';
import { Reader } from './support/reader.ts';
import { markdownFiles, type Snippet, snippetsOf } from './support/snippets.ts';

// The snippets of the pages that run elsewhere than in Node: browsers, bundlers, edge workers, Deno, Bun.

const running = markdownFiles()
  .flatMap((page) => snippetsOf(page))
  .filter(({ checkOnly, isFragment }) => checkOnly === undefined && !isFragment);
const named = (list: readonly Snippet[]) =>
  list.map((snippet) => [`${snippet.page}:${snippet.line}`, snippet] as const);
const of = (host: string) => running.filter((snippet) => snippet.host === host);

const VITE_PAGE = 'docs/start/vite.md';
const html = running.filter(({ language }) => language === 'html');
const programs = of('bundler').filter(({ file }) => file === undefined);
/** The first of its page, which goes with the fragment of HTML before it. */
const vite = programs.find(({ page }) => page === VITE_PAGE)!;
const bundled = programs.filter((snippet) => snippet !== vite);

let reader: Reader;
let browser: Browser | undefined;
beforeAll(async () => {
  reader = await Reader.create();
  if (chromium.path) browser = await chromium.launch();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await reader?.remove();
});

const LABELLED = expect.arrayContaining([{ label: 'positive', score: expect.any(Number) }]);

describe.skipIf(!chromium.path)(`on a page: ${chromium.title}`, { timeout: 60_000 }, () => {
  it.each(named(html))('%s', async (_, snippet) => {
    const folder = await reader.open(snippet.page);
    await writeFile(join(folder, 'page.html'), snippet.code);
    await withPage(browser!, folder, 'page.html', async (page, complaints) => {
      if (snippet.code.includes('<anyformer-classifier')) {
        const element = "document.querySelector('anyformer-classifier')";
        await untilTrue(page, `${element}.state === 'ready'`);
        await page.evaluate(`${element}.addEventListener('prediction', (event) => {
          window.found = event.detail.scores[0].label; });
          ${element}.value = 'A quiet, lovely film.';`);
        await untilTrue(page, 'window.found !== undefined');
        expect(await page.evaluate('window.found')).toBe('positive');
      } else {
        await untilTrue(page, "document.querySelector('#status')?.textContent !== 'Training…'");
        const text = await page.evaluate("document.querySelector('#status').textContent");
        expect(text).toMatch(/^delivery 0\.\d\d$/);
      }
      expect(complaints).toEqual([]);
    });
  });

  it(`${VITE_PAGE}: trains on a file that is chosen, keeps the model, labels a text`, async () => {
    const folder = await reader.open(VITE_PAGE);
    const parts = snippetsOf(VITE_PAGE);
    for (const part of parts) if (part.file) await save(part, folder);
    const markup = parts.find(({ isFragment }) => isFragment)!.code;
    await writeFile(
      join(folder, 'index.html'),
      `<!doctype html><meta charset="utf-8">${markup}<script type="module" src="/main.js"></script>`,
    );
    await writeFile(join(folder, 'main.js'), vite.code);
    await buildWithVite({ root: folder, logLevel: 'error' });
    await withPage(browser!, join(folder, 'dist'), 'index.html', async (page, complaints) => {
      const input = await page.waitForSelector('#file:not([disabled])');
      await (input as unknown as { uploadFile(path: string): Promise<void> }).uploadFile(
        join(folder, 'films.csv'),
      );
      await page.waitForSelector('#text:not([disabled])');
      expect(await page.$eval('#status', (status) => status.textContent)).toMatch(
        /^Right on \d+ % of the held-out rows\.$/,
      );
      await page.type('#text', 'quiet and lovely');
      await untilTrue(page, "document.querySelector('#answer').textContent.startsWith('positive')");
      expect(complaints).toEqual([]);
    });
  });

  it.each(named(bundled.filter(({ language }) => language === 'js')))(
    'bundled, %s',
    async (_, snippet) => {
      const folder = await reader.open(snippet.page);
      const others = of('bundler').filter(({ page, file }) => page === snippet.page && file);
      const names = await Promise.all([snippet, ...others].map((one) => save(one, folder)));
      await bundle(names, folder);
      await runBundled(browser!, folder, names[0]!);
    },
  );
});

it.each(named(bundled.filter(({ language }) => language === 'tsx')))(
  'bundled, not run for want of React: %s',
  async (_, snippet) => {
    const folder = await reader.open(snippet.page);
    await bundle([await save(snippet, folder)], folder);
    const code = await readFile(join(folder, 'app', `line${snippet.line}.js`), 'utf8');
    expect(code).toMatch(/from "react/);
    expect(code.length).toBeGreaterThan(20_000);
  },
);

it.each(named(of('workerd')))('in workerd, %s', { timeout: 60_000 }, async (_, snippet) => {
  const folder = await reader.open(snippet.page);
  const entryPoints = [join(folder, await save(snippet, folder))];
  const modules = await workerModules({ entryPoints, plugins: [modelFiles] });
  const options = { r2Buckets: ['MODELS'] } as unknown as Parameters<typeof startWorkerd>[1];
  const worker = await startWorkerd(modules, options);
  try {
    const bucket = (await worker.getR2Bucket('MODELS')) as unknown as {
      put(key: string, value: Uint8Array): Promise<unknown>;
    };
    for (const name of await readdir(join(folder, 'model')))
      await bucket.put(
        `models/spam/${name}`,
        new Uint8Array(await readFile(join(folder, 'model', name))),
      );
    const body = JSON.stringify({ text: 'A quiet, lovely film.' });
    const response = await worker.dispatchFetch('http://worker/', { method: 'POST', body });
    expect(await response.json()).toEqual(LABELLED);
  } finally {
    await worker.dispose();
  }
});

it.each(named(of('edge')))('in edge-runtime, %s', { timeout: 60_000 }, async (_, snippet) => {
  const folder = await reader.open(snippet.page);
  const entryPoints = [join(folder, await save(snippet, folder))];
  const edge = await startEdgeFunction({ entryPoints });
  const site = await serveStatic({ folders: { '/': folder } });
  try {
    const body = JSON.stringify({ text: 'A quiet, lovely film.' });
    const init = { method: 'POST', body };
    const response = await edge.dispatchFetch(`${site.address}api/classify`, init);
    expect(await response.json()).toEqual(LABELLED);
  } finally {
    await site.close();
  }
});

/** The flags that the page itself names, so that they suffice. */
const flagsOf = (page: string, command: RegExp) => {
  const line = snippetsOf(page)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ code }) => code.split('\n'))
    .find((one) => command.test(one))!;
  return line.split(' ').filter((word) => word.startsWith('-'));
};

for (const [host, name, args] of [
  [denoHost, 'deno', (page: string) => ['run', ...denoHost.OFFLINE, ...flagsOf(page, /^deno run/)]],
  [bunHost, 'bun', () => bunHost.OFFLINE],
] as const) {
  const { missing } = name === 'deno' ? denoHost.deno : bunHost.bun;
  it.skipIf(missing).each(named(of(name)))(
    `in ${name}${missing ? `, left out: ${missing}` : ''}, %s`,
    { timeout: 60_000 },
    async (_, snippet) => {
      const folder = await reader.open(snippet.page);
      await writeFile(join(folder, 'main.ts'), snippet.code);
      const finished = await runProgram(host.binary!, [...args(snippet.page), 'main.ts'], folder);
      expect({ code: finished.code, stderr: finished.stderr }).toEqual({ code: 0, stderr: '' });
      expect(finished.stdout).toMatch(/label: "positive"/);
      expect(await readdir(join(folder, 'model'))).toContain('model.safetensors');
    },
  );
}
