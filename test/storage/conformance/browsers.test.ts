import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fileNames } from '../sampleFiles.ts';
import { browsers, type PageServer, servePages } from './browsers.ts';
import { checks } from './checks.ts';
import type { TestPage } from './page.ts';

declare const page: TestPage;

describe.each(browsers)('in $name', (installed) => {
  if (installed.path === undefined) return it.skip('is not installed');
  let server: PageServer;
  let browser: Browser;
  let tab: Page;

  beforeAll(async () => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('page.ts', import.meta.url))],
      bundle: true,
      format: 'iife',
      target: 'es2022',
      logLevel: 'error',
      write: false,
    });
    const program = outputFiles[0]!.text;
    server = await servePages((path) =>
      path === '/page.js'
        ? ['text/javascript', program]
        : ['text/html', '<!doctype html><title>storage</title><script src="page.js"></script>'],
    );
    browser = await installed.launch();
    tab = await openTab();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  async function openTab(): Promise<Page> {
    const opened = await browser.newPage();
    await opened.goto(server.address);
    return opened;
  }

  /** The version in a place whose tab was killed. Firefox may show a moment later what it had begun. */
  async function whole(address: string): Promise<number> {
    const read = () => tab.evaluate((where) => page.version(where), address);
    return vi.waitFor(read, { timeout: 20_000, interval: 100 });
  }

  describe.each(['opfs', 'indexeddb'])('%s', (scheme) => {
    it.each(Object.keys(checks))('%s', async (name) => {
      const failure = await tab.evaluate((...call) => page.check(...call), name, scheme);
      expect(failure).toBeUndefined();
    });

    it.each(Object.keys(checks))('in a worker: %s', async (name) => {
      const failure = await tab.evaluate((...call) => page.checkInWorker(...call), name, scheme);
      expect(failure).toBeUndefined();
    });

    it('a tab killed in the middle of its saves leaves the last whole set', async () => {
      const address = `${scheme}://killed`;
      let version = 1;
      for (let round = 0; round < 4; round++) {
        const saving = await openTab();
        void saving
          .evaluate((...call) => page.saveForEver(...call), address, version)
          .catch(() => undefined);
        await saving.waitForFunction(() => page.saved > 0, { polling: 5 });
        await new Promise((resolve) => setTimeout(resolve, round * 13));
        await saving.close();
        const found = await whole(address);
        expect(found).toBeGreaterThanOrEqual(version);
        version = found + 1;
      }
      // What the killed ones left goes with a save after their end: it can come after `close`.
      const kind = scheme === 'opfs' ? installed.opfs : scheme;
      await vi.waitFor(async () => {
        expect(await tab.evaluate((where) => page.save(where, 1000, 1000), address)).toEqual({
          location: `${kind}://killed`,
        });
        const kept = (where: string) =>
          where === 'opfs' ? page.privateFiles('killed') : page.keys('killed');
        expect(await tab.evaluate(kept, kind)).toHaveLength(4);
      });
    });

    it.each(['config.json', ...fileNames])(
      'another tab that saves before %s is read: the set is read again',
      async (name) => {
        const address = `${scheme}://shared/${name}`;
        await tab.evaluate((where) => page.save(where, 1, 1000), address);
        const other = await openTab();
        const found = other.evaluate((...call) => page.versionHeldAt(...call), address, name);
        await other.waitForFunction(() => page.isHeld);
        await tab.evaluate((where) => page.save(where, 2, 1000), address);
        await other.evaluate(() => page.goOn());
        expect(await found).toBe(2);
        await other.close();
      },
    );

    it('saves at once into one place lose nothing of each other', async () => {
      const address = `${scheme}://together`;
      const kept = await tab.evaluate((where) => page.saveTogether(where, 4, 25), address);
      expect(kept).toEqual([25, 25, 25, 25]);
    });

    // Chromium alone lets a program say how much room there is.
    it.skipIf(installed.name !== 'Chromium')(
      'a full disk is an error that says how much is needed; the old set stands',
      async () => {
        const address = `${scheme}://full/model`;
        // One of its own: Chromium remembers for a while how much room there was.
        const another = await installed.launch();
        const full = await another.newPage();
        await full.goto(server.address);
        const client = await full.createCDPSession();
        const { address: origin } = server;
        const allow = (quotaSize: number) =>
          client.send('Storage.overrideQuotaForOrigin', { origin, quotaSize });
        await allow(1_000_000);
        const save = (version: number, bytes: number) =>
          full.evaluate((...call) => page.save(...call), address, version, bytes);
        const version = () => full.evaluate((where) => page.version(where), address);
        expect(await save(1, 1000)).toEqual({ location: address });
        expect(await save(2, 5_000_000)).toEqual({
          code: 'STORAGE',
          message: expect.stringMatching(
            /^There is no room for 5\.00 MB in \w+:\/\/full\/model(: this site has .* left)?\. What was there before still stands\./,
          ),
        });
        expect(await version()).toBe(1);
        // Nothing of the refused set takes up room.
        const kept = (where: string) =>
          where === 'opfs' ? page.privateFiles('full/model') : page.keys('full/model');
        expect(await full.evaluate(kept, scheme)).toHaveLength(4);
        await allow(50_000_000);
        const saveAgain = async () =>
          expect(await save(3, 5_000_000)).toEqual({ location: address });
        await vi.waitFor(saveAgain, { timeout: 20_000, interval: 500 });
        expect(await version()).toBe(3);
        await another.close();
      },
    );
  });

  it.skipIf(installed.opfs !== 'opfs')(
    'opfs holds one copy of each file, and an index',
    async () => {
      for (const version of [1, 2]) {
        await tab.evaluate((n) => page.save('opfs://models/spam', n, 1000), version);
      }
      const set = ['config.json', ...fileNames].map((name) => `.anyformer-set-2/${name}`);
      expect(await tab.evaluate(() => page.privateFiles('models/spam'))).toEqual(
        ['.anyformer-save', ...set].sort(),
      );
    },
  );

  it('indexeddb holds one copy of each file, and an index', async () => {
    for (const version of [1, 2]) {
      await tab.evaluate((n) => page.save('indexeddb://models/spam', n, 1000), version);
    }
    const [index, ...files] = await tab.evaluate(() => page.keys('models/spam'));
    expect(index).toBe('.anyformer-save');
    const set = files[0]!.slice(0, files[0]!.indexOf('/'));
    expect(set).toMatch(/^\.anyformer-set-[\d-]+$/);
    expect(files).toEqual(['config.json', ...fileNames].map((name) => `${set}/${name}`));
  });

  it('indexeddb reads and replaces what was saved before sets had keys of their own', async () => {
    await tab.evaluate(() => page.putAsBefore('before', 1));
    expect(await tab.evaluate(() => page.version('indexeddb://before'))).toBe(1);
    await tab.evaluate(() => page.save('indexeddb://before', 2, 1000));
    expect(await tab.evaluate(() => page.version('indexeddb://before'))).toBe(2);
    expect(await tab.evaluate(() => page.keys('before'))).toHaveLength(4);
  });

  it.each([
    ['an older one', () => tab.evaluate(() => page.save('indexeddb://cut', 1, 1000))],
    ['one of before', () => tab.evaluate(() => page.putAsBefore('cut', 1))],
  ])(
    'indexeddb: a save cut short after any of its writes leaves %s or the new set, whole',
    async (_, put) => {
      let after: number | undefined;
      for (let writes = 0, end = 'cut'; end === 'cut'; writes++) {
        await tab.evaluate(() => page.clear('cut'));
        await put();
        end = await tab.evaluate((n) => page.saveCutShort('indexeddb://cut', 2, n), writes);
        const version = await tab.evaluate(() => page.version('indexeddb://cut'));
        if (version === 2) after ??= writes;
        expect(version).toBe(after === undefined ? 1 : 2);
        await tab.evaluate(() => page.save('indexeddb://cut', 3, 1000));
        expect(await tab.evaluate(() => page.keys('cut'))).toHaveLength(4);
      }
      // Three files, and the record that makes them count.
      expect(after).toBe(4);
    },
  );

  it('opfs is IndexedDB where it cannot be written, and stays where its files are', async () => {
    const saved = await tab.evaluate(() =>
      page.withoutWritable(() => page.save('opfs://old/browser', 1, 1000)),
    );
    expect(saved).toEqual({ location: 'indexeddb://old/browser' });
    expect(await tab.evaluate(() => page.version('opfs://old/browser'))).toBe(1);
    const again = await tab.evaluate(() => page.save('opfs://old/browser', 2, 1000));
    expect(again).toEqual({ location: 'indexeddb://old/browser' });
    expect(await tab.evaluate(() => page.version('indexeddb://old/browser'))).toBe(2);
  });
});
