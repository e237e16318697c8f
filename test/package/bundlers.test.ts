import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import nodeResolve from '@rollup/plugin-node-resolve';
import { build as buildWithEsbuild } from 'esbuild';
import type { Browser } from 'puppeteer-core';
import { rollup } from 'rollup';
import { build as buildWithVite } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import webpack from 'webpack';
import { type InstalledPackage, installPackage } from '../support/builtPackage.ts';
import { chromium, openPage } from '../support/chromium.ts';
import { serveStatic } from '../support/staticServer.ts';

/**
 * Builds app.js of `folder` into `site`, with no settings but where from and where to; and
 * taskWorker.js, where no worker's program is copied.
 */
type Bundle = (folder: string, site: string) => Promise<unknown>;

const page = (script: string) =>
  `<!doctype html><meta charset="utf-8"><title>app</title><link rel="icon" href="data:,">${script}`;

const bundlers: Readonly<Record<string, { bundle: Bundle; script: string; copiesFiles: boolean }>> =
  {
    Vite: {
      copiesFiles: true,
      script: '<script type="module" src="./app.js"></script>',
      bundle: (root, outDir) =>
        buildWithVite({ root, configFile: false, logLevel: 'error', build: { outDir } }),
    },
    webpack: {
      copiesFiles: true,
      script: '<script defer src="main.js"></script>',
      bundle: (context, path) =>
        new Promise<void>((resolve, reject) =>
          webpack(
            { mode: 'production', context, entry: './app.js', output: { path } },
            (error, stats) => {
              if (!error && !stats?.hasErrors()) resolve();
              else reject(error ?? new Error(stats!.toString('errors-only')));
            },
          ),
        ),
    },
    esbuild: {
      copiesFiles: false,
      script: '<script defer src="app.js"></script>',
      bundle: (folder, outdir) =>
        buildWithEsbuild({
          entryPoints: ['app.js', 'taskWorker.js'].map((file) => join(folder, file)),
          bundle: true,
          outdir,
          logLevel: 'error',
        }),
    },
    rollup: {
      copiesFiles: false,
      script: '<script type="module" src="app.js"></script>',
      async bundle(folder, dir) {
        const input = ['app.js', 'taskWorker.js'].map((file) => join(folder, file));
        const built = await rollup({ input, plugins: [nodeResolve()], onLog: () => {} });
        await built.write({ dir });
      },
    },
  };

interface Shown {
  readonly labels: readonly string[];
  readonly losses: readonly number[];
  readonly info: {
    readonly runtime: string;
    readonly webAssembly: { enabled: boolean; reason?: string };
    readonly threads: { enabled: boolean; count: number; running: number; reason?: string };
  };
}

let installed: InstalledPackage;
let browser: Browser;
beforeAll(async () => {
  if (!chromium.path) return;
  installed = await installPackage();
  browser = await chromium.launch();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await installed?.remove();
});

async function shownBy<T = Shown>(site: string, isolated: boolean, task = '', state = 'done') {
  const server = await serveStatic({ folders: { '/': site }, isolated });
  const { page, complaints } = await openPage(browser, `${server.address}index.html${task}`);
  try {
    await page.waitForFunction('document.body.dataset.state !== undefined', { timeout: 30_000 });
    const text = (await page.evaluate('document.body.textContent')) as string;
    expect(await page.evaluate('document.body.dataset.state'), text).toBe(state);
    return (state === 'done' ? JSON.parse(text) : text) as T;
  } catch (error) {
    throw new Error(complaints.join('\n'), { cause: error });
  } finally {
    await page.close();
    await server.close();
  }
}

describe.skipIf(!chromium.path)(
  `a small app, with no special settings, in ${chromium.title}`,
  () => {
    describe.each(Object.entries(bundlers))(
      'built by %s',
      (name, { bundle, script, copiesFiles }) => {
        let site: string;
        beforeAll(async () => {
          const folder = join(installed.folder, name);
          site = join(folder, 'site');
          await mkdir(folder);
          for (const file of ['app.js', 'taskWorker.js']) {
            const source = fileURLToPath(new URL(`bundlers/${file}`, import.meta.url));
            await copyFile(source, join(folder, file));
          }
          await writeFile(join(folder, 'index.html'), page(script));
          await bundle(folder, site);
          // Vite has made its own.
          if (name !== 'Vite') await copyFile(join(folder, 'index.html'), join(site, 'index.html'));
        }, 120_000);

        it('trains and predicts', { timeout: 60_000 }, async () => {
          const { labels, losses, info } = await shownBy(site, false);
          expect(labels).toEqual(['cold', 'warm']);
          expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
          expect(info).toMatchObject({ runtime: 'browser', threads: { enabled: false, count: 1 } });
          expect(info.webAssembly).toEqual(
            copiesFiles
              ? { enabled: true }
              : { enabled: true, reason: expect.stringMatching(/^from within the script, since /) },
          );
        });

        const inWorker = { timeout: 60_000 };
        if (copiesFiles) {
          it('trains in a worker', inWorker, async () => {
            const { labels } = await shownBy(site, false, '#worker');
            expect(labels).toEqual(['cold', 'warm']);
          });
        } else {
          it(
            'says that it has no program of a worker, and takes one of its own',
            inWorker,
            async () => {
              expect(await shownBy<string>(site, false, '#worker', 'failed')).toMatch(
                /^WORKER_STOPPED TextClassifier\.create: the worker could not be started: its program could not be loaded; .*createWorker\(\{ program \}\).* a Worker whose script imports 'anyformer\/worker'/,
              );
              const { labels } = await shownBy(site, false, '#own-worker');
              expect(labels).toEqual(['cold', 'warm']);
            },
          );
        }

        it(copiesFiles
          ? 'has threads on an isolated page'
          : 'says why it has no threads on an isolated page', { timeout: 60_000 }, async () => {
          const { labels, info } = await shownBy(site, true);
          expect(labels).toEqual(['cold', 'warm']);
          expect(info.threads).toEqual(
            copiesFiles
              ? { enabled: true, count: 2, running: 2 }
              : {
                  enabled: false,
                  count: 1,
                  running: 1,
                  reason: expect.stringMatching(/^they have no program: .*could not be loaded/),
                },
          );
        });
      },
    );
  },
);
