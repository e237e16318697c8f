import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { afterEach, describe, expect, it } from 'vitest';
import { findChromium } from '../runtimes/support/find.mjs';
import { root } from '../support/builtPackage.ts';
import { type Running, runCli, startCli } from './runCli.ts';

const chromium = findChromium();

let running: Running | undefined;
afterEach(() => running?.child.kill('SIGKILL'));

async function start(...flags: string[]): Promise<string> {
  running = startCli(['demo', ...flags], root);
  let printed = '';
  running.child.stdout!.on('data', (part) => {
    printed += part;
  });
  await running.seen(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  return printed.trim();
}

describe('anyformer demo', () => {
  it('serves the page and the library isolated from other sites, and ends by Ctrl-C', async () => {
    const address = await start('--port', '0');
    const page = await fetch(address);
    expect(page.url).toBe(`${address}demo/`);
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    expect(page.headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(page.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
    expect(await page.text()).toContain('Teach your browser');
    const script = await fetch(`${address}index.js`);
    expect(script.headers.get('content-type')).toMatch(/^text\/javascript/);
    expect(await script.text()).toBe(await readFile(join(root, 'dist/index.js'), 'utf8'));
    running!.child.kill('SIGINT');
    const { code, stderr } = await running!.ended;
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'Open it in a browser. Ctrl-C ends it.\n',
    });
  });

  it('serves nothing else of the machine', async () => {
    const address = await start('--port', '0');
    for (const path of [
      'package.json',
      '..%2fpackage.json',
      'demo/..%2f..%2fpackage.json',
      'x.js',
    ]) {
      expect((await fetch(`${address}${path}`)).status, path).toBe(404);
    }
  });

  it('says what is wrong with a port, and finds another where none is asked for', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const taken = String((other.address() as AddressInfo).port);
    const { code, stderr } = await runCli(['demo', '--port', taken], root);
    other.close();
    expect(code).toBe(2);
    expect(stderr).toContain(`--port ${taken} cannot be used: another program uses it.`);
    const wrong = await runCli(['demo', '--port', '70000'], root);
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.stderr).toContain('from 0 to 65535, received 70000');
  });

  it.skipIf(!chromium)(
    `trains in ${chromium ? 'Chromium' : 'Chromium, left out: set CHROMIUM to its path'}`,
    { timeout: 60_000 },
    async () => {
      const address = await start('--port', '0');
      const browser = await puppeteer.launch({
        executablePath: chromium!,
        args: ['--no-sandbox', '--disable-gpu'],
      });
      try {
        const page = await browser.newPage();
        const problems: string[] = [];
        page.on('pageerror', (error) => problems.push(String(error)));
        await page.goto(address);
        const waitFor = (id: string, pattern: RegExp) =>
          page.waitForFunction(
            (id, source) => new RegExp(source).test(document.getElementById(id)!.textContent ?? ''),
            { timeout: 50_000, polling: 50 },
            id,
            pattern.source,
          );
        await waitFor('training-status', /^Ready to learn from 160 sentences/);
        expect(await page.evaluate('crossOriginIsolated')).toBe(true);
        await page.click('#train');
        await waitFor('training-status', /^Done/);
        await waitFor('try-status', /^delivery/);
        // The page finds the inline build beside it.
        await page.click('#download-html');
        await waitFor('take-status', /^classifier\.html, 1\.\d MB/);
        expect(problems).toEqual([]);
      } finally {
        await browser.close();
      }
    },
  );
});
