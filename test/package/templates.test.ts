import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'puppeteer-core';
import { build as buildWithVite } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorkerd, workerModules } from '../runtimes/hosts/workerd.mjs';
import {
  type InstalledPackage,
  installPackage,
  runNode,
  runProgram,
} from '../support/builtPackage.ts';
import { chromium, openPage } from '../support/chromium.ts';
import { untilTrue } from '../support/pageState.ts';
import { serveStatic } from '../support/staticServer.ts';

/** The package is above the projects, where Node and bundlers find it as if it was within. */
let installed: InstalledPackage;
const init = (...args: readonly string[]) =>
  runNode(['node_modules/anyformer/dist/cli.js', 'init', ...args], installed.folder);
const inProject = (...parts: readonly string[]) => join(installed.folder, ...parts);

beforeAll(async () => {
  installed = await installPackage();
});
afterAll(() => installed?.remove());

describe('anyformer init', () => {
  it('names the project, and says what to type next', async () => {
    const { code, stdout, stderr } = await init('node', 'My Shop');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      'Made My Shop, a program for Node. Next:\n\n  cd "My Shop"\n  npm install && npm start\n\n',
    );
    const manifest = JSON.parse(await readFile(inProject('My Shop/package.json'), 'utf8'));
    expect(manifest.name).toBe('my-shop');
    const { version } = JSON.parse(
      await readFile(join(installed.location, 'package.json'), 'utf8'),
    );
    expect(manifest.dependencies.anyformer).toBe(`^${version}`);
  });

  it('does not write into a folder that has files', async () => {
    expect(await init('node', 'taken')).toMatchObject({ code: 0 });
    await writeFile(inProject('taken/main.js'), 'mine');
    const { code, stderr } = await init('node', 'taken');
    expect(code).toBe(1);
    expect(stderr).toBe(
      'anyformer: taken has files already; name another folder, or add --force to write into it.\n',
    );
    expect(await readFile(inProject('taken/main.js'), 'utf8')).toBe('mine');
    expect(await init('node', 'taken', '--force')).toMatchObject({ code: 0, stderr: '' });
    expect(await readFile(inProject('taken/main.js'), 'utf8')).toContain('anyformer');
  });

  it.each([
    [[], 'init needs a template: vite, node, worker, script-tag.'],
    [['nodee'], "unknown template 'nodee'; did you mean 'node'?"],
    [['node', 'a', 'b'], "init takes a template and a folder, received 'b' as well."],
  ])('says what is wrong with %j', async (args, message) => {
    const { code, stderr } = await init(...args);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `anyformer init: ${message}\nSee: anyformer init --help\n`,
    });
  });
});

it('the template node trains, and labels what it is given', { timeout: 120_000 }, async () => {
  await init('node', 'program');
  const start = (...texts: string[]) =>
    runProgram('npm', ['start', '--silent', '--', ...texts], inProject('program'));
  const first = await start();
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout).toMatch(/^\d+ % right on \d+ rows it has not learned from\n/);
  expect(first.stdout).toMatch(/^delivery +Where is my parcel\?$/m);
  const second = await start('I forgot my password');
  expect(second).toEqual({ code: 0, stderr: '', stdout: 'account      I forgot my password\n' });
});

it('the template worker trains, and answers in workerd', { timeout: 120_000 }, async () => {
  await init('worker', 'edge');
  const folder = inProject('edge');
  const { scripts } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const trained = await runProgram('npm', ['run', '--silent', 'prestart'], folder);
  expect(scripts.start).toBe('wrangler dev');
  expect(trained).toMatchObject({ code: 0, stderr: '' });
  expect(await readdir(join(folder, 'public/model'))).toContain('config.json');
  const { main, compatibility_date: compatibilityDate } = JSON.parse(
    await readFile(join(folder, 'wrangler.json'), 'utf8'),
  );
  const modules = await workerModules({ entryPoints: [join(folder, main)] });
  const worker = await startWorkerd(modules, {
    compatibilityDate,
    // As Cloudflare serves the folder of `assets`.
    serviceBindings: {
      ASSETS: async ({ url }: { url: string }) => {
        const path = join(folder, 'public', new URL(url).pathname);
        const bytes = await readFile(path).catch(() => undefined);
        return new Response(bytes, { status: bytes ? 200 : 404 });
      },
    },
  } as object as Parameters<typeof startWorkerd>[1]);
  try {
    const ask = async (body: string) => {
      const response = await worker.dispatchFetch('http://worker/', { method: 'POST', body });
      return { status: response.status, body: await response.json() };
    };
    const { status, body } = await ask(JSON.stringify({ text: 'Where is my parcel?' }));
    expect(status).toBe(200);
    expect((body as object[])[0]).toEqual({ label: 'delivery', score: expect.any(Number) });
    const refusal = { status: 400, body: { error: 'Send { "text": "…" }.' } };
    expect([await ask('no JSON'), await ask('null')]).toEqual([refusal, refusal]);
    expect((await worker.dispatchFetch('http://worker/')).status).toBe(405);
  } finally {
    await worker.dispose();
  }
});

describe.skipIf(!chromium.path)(`in ${chromium.title}`, { timeout: 120_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch();
  }, 60_000);
  afterAll(() => browser?.close());

  const statusOf = (page: Page) => page.evaluate("document.querySelector('#status').textContent");
  const until = (page: Page, words: string) =>
    untilTrue(page, `document.querySelector('#status').textContent.startsWith('${words}')`);
  const FIRST =
    "document.querySelector('anyformer-classifier').shadowRoot.querySelector('li span')";
  async function labelOf(page: Page, text: string): Promise<string> {
    await page.evaluate(
      `document.querySelector('anyformer-classifier').value = ${JSON.stringify(text)}`,
    );
    await untilTrue(page, `${FIRST}?.textContent`);
    return page.evaluate(`${FIRST}.textContent`) as Promise<string>;
  }

  it('the template vite trains in its page, and has the model when it is opened again', async () => {
    await init('vite', 'app');
    const [root, outDir] = [inProject('app'), inProject('site')];
    await buildWithVite({ root, configFile: false, logLevel: 'error', build: { outDir } });
    const server = await serveStatic({ folders: { '/': outDir } });
    try {
      const { page, complaints } = await openPage(browser, `${server.address}index.html`);
      await until(page, 'Trained.');
      expect(await statusOf(page)).toMatch(/\d+ % right on \d+ rows/);
      expect(await labelOf(page, 'Where is my parcel?')).toBe('delivery');
      await page.reload();
      await until(page, 'The model is loaded.');
      expect(await labelOf(page, 'I was charged twice')).toBe('billing');
      expect(complaints).toEqual([]);
      await page.close();
    } finally {
      await server.close();
    }
  });

  it('the template script-tag runs from its file, with the script of a CDN', async () => {
    await init('script-tag', 'plain');
    const { version } = JSON.parse(
      await readFile(join(installed.location, 'package.json'), 'utf8'),
    );
    const path = `/npm/anyformer@${version}/`;
    const cdn = await serveStatic({ folders: { [path]: installed.location }, shared: true });
    try {
      const file = inProject('plain/index.html');
      const html = await readFile(file, 'utf8');
      const address = `https://cdn.jsdelivr.net${path}`;
      expect(html).toContain(`<script src="${address}dist/anyformer.iife.js">`);
      await writeFile(file, html.replace(address, `${cdn.address}${path.slice(1)}`));
      const { page, complaints } = await openPage(browser, pathToFileURL(file).href);
      await until(page, 'Trained on your rows.');
      expect(await labelOf(page, 'Where is my parcel?')).toBe('delivery');
      expect(complaints).toEqual([]);
      await page.close();
    } finally {
      await cdn.close();
    }
  });
});
