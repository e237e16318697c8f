import { copyFile, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const PAGE = `
globalThis.runHere = run;
globalThis.runInWorker = (...call) =>
  new Promise((resolve, reject) => {
    const worker = new Worker('js/ownWorker.js', { type: 'module' });
    worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data));
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(call);
  });
`;

/** A site's own worker, in which it uses the package. */
const OWN_WORKER = `
onmessage = ({ data }) =>
  run(...data).then(postMessage, (error) => postMessage({ error: error.message }));
`;

/** Where a page runs what `run` does: on its main thread, or in a Web Worker of its own. */
export type Place = 'runHere' | 'runInWorker';

/**
 * Makes a site of the package as a user does who bundles: one script for the page, one for a Web
 * Worker, and what these load by its address beside them.
 *
 * @param installed where the package stands, and what `source` imports.
 * @param source a module that defines `run`, a function whose promise is of what may be cloned.
 */
export async function buildSite(installed: string, site: string, source: string): Promise<void> {
  await mkdir(join(site, 'js'), { recursive: true });
  const scripts = { page: PAGE, ownWorker: OWN_WORKER };
  for (const [name, contents] of Object.entries(scripts)) {
    await build({
      stdin: { contents: source + contents, resolveDir: installed, sourcefile: `${name}.mjs` },
      outfile: join(site, `js/${name}.js`),
      bundle: true,
      format: 'esm',
      target: 'es2022',
      conditions: ['browser'],
      logLevel: 'error',
    });
  }
  const dist = join(installed, 'node_modules/anyformer/dist');
  await copyFile(join(dist, 'runtime/browserWorker.js'), join(site, 'js/browserWorker.js'));
  await cp(join(dist, 'wasm'), join(site, 'wasm'), { recursive: true });
  await writeFile(
    join(site, 'index.html'),
    '<!doctype html><meta charset="utf-8"><title>anyformer</title><link rel="icon" href="data:,"><script type="module" src="js/page.js"></script>',
  );
}
