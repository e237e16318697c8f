import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build as bundleWithEsbuild, type Plugin } from 'esbuild';
import type { Browser, Page } from 'puppeteer-core';
import { root } from '../../support/builtPackage.ts';
import { openPage } from '../../support/chromium.ts';
import { untilTrue } from '../../support/pageState.ts';
import { serveStatic } from '../../support/staticServer.ts';
import type { Snippet } from './snippets.ts';

/** Saves a snippet in a folder, under its name or one of its line. */
export async function save(snippet: Snippet, folder: string): Promise<string> {
  const { language, file, line, code } = snippet;
  const name =
    file ?? `line${line}.${language === 'tsx' ? 'tsx' : language === 'ts' ? 'ts' : 'js'}`;
  await writeFile(join(folder, name), code);
  return name;
}

/**
 * Bundles files with esbuild, with no settings of the package's, into `folder`/app. esbuild copies no
 * files: those for workers and threads go where the guide says.
 */
export async function bundle(files: readonly string[], folder: string): Promise<void> {
  await bundleWithEsbuild({
    entryPoints: files.map((file) => join(folder, file)),
    outdir: join(folder, 'app'),
    bundle: true,
    format: 'esm',
    jsx: 'automatic',
    external: ['react', 'react/jsx-runtime'],
    logLevel: 'silent',
  });
  for (const file of ['browserWorker.js', 'browserTaskWorker.js']) {
    await cp(join(root, 'dist/runtime', file), join(folder, 'app', file));
  }
  await mkdir(join(folder, 'wasm'), { recursive: true });
  await cp(join(root, 'dist/wasm'), join(folder, 'wasm'), { recursive: true });
}

/** wrangler's rule for data: what the snippet imports as bytes. */
export const modelFiles: Plugin = {
  name: 'model-files',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/model\/.*\.(json|safetensors)$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path),
      namespace: 'data',
    }));
    onLoad({ filter: /.*/, namespace: 'data' }, async ({ path }) => ({
      contents: await readFile(path),
      loader: 'copy',
    }));
  },
};

const CDN = /https:\/\/(cdn\.jsdelivr\.net|unpkg\.com)\//;

/** Answers as npm's CDNs do: for the package's bare name with its script, else with the file. */
async function answerForCdn(page: Page): Promise<void> {
  await page.setRequestInterception(true);
  page.on('request', async (request) => {
    if (!CDN.test(request.url())) return request.continue();
    const path = new URL(request.url()).pathname.replace(/^(\/npm)?\/anyformer(@[\d.]+)?\/?/, '');
    const file = join(root, path || 'dist/anyformer.iife.js');
    const contentType = file.endsWith('.wasm') ? 'application/wasm' : 'text/javascript';
    const headers = { 'access-control-allow-origin': '*' };
    return request.respond({ status: 200, headers, contentType, body: await readFile(file) });
  });
}

/** A page in `folder`, served, opened with a CDN at hand, and what it complained of. */
export async function withPage<T>(
  browser: Browser,
  folder: string,
  name: string,
  use: (page: Page, complaints: readonly string[]) => Promise<T>,
): Promise<T> {
  const server = await serveStatic({ folders: { '/': folder } });
  const { page, complaints } = await openPage(browser, 'about:blank');
  try {
    const html = await readFile(join(folder, name), 'utf8');
    // Not on pages with workers: Chromium never starts their programs where requests are intercepted.
    if (CDN.test(html)) await answerForCdn(page);
    await page.goto(`${server.address}${name}`);
    return await use(page, complaints);
  } finally {
    await page.close();
    await server.close();
  }
}

/** Runs a bundled module on a page that has the element; resolves when it has been evaluated. */
export async function runBundled(browser: Browser, folder: string, name: string): Promise<void> {
  const module = `/app/${name.replace(/\.tsx?$/, '.js')}`;
  await writeFile(
    join(folder, 'run.html'),
    `<!doctype html><meta charset="utf-8"><anyformer-classifier></anyformer-classifier>
<script type="module">
  import('${module}').then(() => { window.ended = 'well'; }, (error) => { window.ended = error.stack; });
</script>`,
  );
  await withPage(browser, folder, 'run.html', async (page, complaints) => {
    await untilTrue(page, 'window.ended !== undefined');
    const ended = await page.evaluate('window.ended');
    if (ended !== 'well') throw new Error(`${ended}\n${complaints.join('\n')}`);
  });
}
