import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { openPage } from '../../support/chromium.ts';
import { untilTrue } from '../../support/pageState.ts';
import { serveStatic } from '../../support/staticServer.ts';
import { buildSite } from '../support/site.ts';

const SOURCE = `
import * as anyformer from 'anyformer';
import { program } from './program.mjs';

const run = async () => ({ ...(await program(anyformer)), isolated: crossOriginIsolated });
`;

const PLACES = { 'main thread': 'runHere', 'Web Worker': 'runInWorker' };

/** As a careful site has it: scripts and workers are its own files or none. */
const POLICY = "script-src 'self' 'wasm-unsafe-eval'";

/**
 * A browser, as the four hosts it is: a page's main thread and a Web Worker, each on a page that is
 * cross-origin isolated, so that there are threads, and on one that is not.
 *
 * @param {string} name
 * @param {import('../../support/chromium.ts').InstalledBrowser} browser
 */
export const browserHosts = (name, browser) =>
  [true, false].flatMap((isolated) =>
    Object.entries(PLACES).map(([place, run]) => ({
      name: `${name}, ${place}, ${isolated ? 'isolated' : 'not isolated'}`,
      runtime: 'browser',
      missing: browser.missing,
      run: (folder) => runOnPage(browser, { folder, isolated, run }),
    })),
  );

async function runOnPage(browser, { folder, isolated, run }) {
  const site = await mkdtemp(join(folder, 'site-'));
  await buildSite(folder, site, SOURCE);
  const server = await serveStatic({ folders: { '/': site }, policy: POLICY, isolated });
  const running = await browser.launch();
  try {
    const { page, complaints } = await openPage(running, `${server.address}index.html`);
    await untilTrue(page, 'globalThis.runHere !== undefined');
    const { isolated: wasIsolated, ...found } = await page.evaluate(`${run}()`);
    if (wasIsolated !== isolated) throw new Error(`The page's isolation is ${wasIsolated}.`);
    if (complaints.length > 0) throw new Error(complaints.join('\n'));
    return found;
  } finally {
    await running.close();
    await server.close();
  }
}
