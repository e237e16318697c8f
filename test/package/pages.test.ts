import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { build } from 'esbuild';
import type { Browser } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineInfo } from '../../src/index.ts';
import { root } from '../support/builtPackage.ts';
import { chromium, firefox } from '../support/chromium.ts';
import {
  expectSameNumbers,
  FILL_MEMORY,
  FILLED_MEMORY,
  onPage,
  strictPolicy,
  TRAIN,
  type Trained,
  trainInNode,
} from '../support/pagePrograms.ts';
import { untilTrue } from '../support/pageState.ts';
import { type Site, serveStatic } from '../support/staticServer.ts';
import { webkit } from '../support/webkit.ts';

const dist = `${root}dist`;
let expected: Trained;
beforeAll(async () => {
  expected = await trainInNode();
});

it('the script’s hash is written down, and is that of the file', async () => {
  const integrity = JSON.parse(await readFile(`${dist}/integrity.json`, 'utf8'));
  expect(Object.keys(integrity).sort()).toEqual([
    'anyformer.browser.js',
    'anyformer.iife.js',
    'anyformer.inline.js',
  ]);
  for (const [file, value] of Object.entries(integrity)) {
    const code = await readFile(`${dist}/${file}`);
    expect(value).toBe(`sha384-${createHash('sha384').update(code).digest('base64')}`);
  }
});

/** A script of tfjs as a page may have it, in the global `tf`: with gradients and its cpu backend. */
async function bundleTfjs(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
        import '@tensorflow/tfjs-backend-cpu';
        export * from '@tensorflow/tfjs-core';`,
      resolveDir: root,
    },
    bundle: true,
    format: 'iife',
    globalName: 'tf',
    mainFields: ['module'],
    write: false,
    logLevel: 'error',
    external: ['util', 'crypto'],
  });
  return outputFiles[0]!.text;
}

const SCRIPT = '/dist/anyformer.iife.js';
const START = 'anyformer.createEngine({ relaxed: false })';
const trainOnPage = `${START}.then(async (engine) => ({
  ...(await (${TRAIN})(anyformer)), text: String(engine), info: engine.info(),
}))`;
type TrainedOnPage = Trained & { text: string; info: EngineInfo };

for (const host of [chromium, firefox, webkit]) {
  describe.skipIf(!host.path)(host.title, { timeout: 120_000 }, () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await host.launch();
    }, 60_000);
    afterAll(() => browser?.close());

    it('trains from a script tag, under a policy of nothing but its own files', async () => {
      const policy = strictPolicy({ wasm: true });
      await onPage(browser, { policy }, [SCRIPT], async ({ page, complaints, server }) => {
        const { info, ...trained } = (await page.evaluate(trainOnPage)) as TrainedOnPage;
        expectSameNumbers(trained, expected);
        expect(info).toMatchObject({ runtime: 'browser', backend: 'wasm' });
        expect(info.threads).toMatchObject({ enabled: false, count: 1 });
        expect(info.threads.reason).toMatch(/not cross-origin isolated/);
        expect(complaints).toEqual([]);
        expect(server.requests.filter((path) => path.startsWith('/dist/')).sort()).toEqual([
          SCRIPT,
          '/dist/wasm/anyformer.simd.wasm',
          '/dist/wasm/tfjs-backend-wasm-simd.wasm',
        ]);
      });
    });

    it('does without WebAssembly where a policy forbids it, to the same numbers, and says so', async () => {
      const policy = strictPolicy({ wasm: false });
      await onPage(browser, { policy }, [SCRIPT], async ({ page, complaints, server }) => {
        const { info, text, ...trained } = (await page.evaluate(trainOnPage)) as TrainedOnPage;
        expectSameNumbers(trained, expected);
        const reason = expect.stringMatching(/forbids WebAssembly; add 'wasm-unsafe-eval'/);
        expect(info).toMatchObject({
          backend: 'javascript',
          webAssembly: { enabled: false, reason },
          threads: { enabled: false, count: 1, running: 1, reason },
          heapBytes: 0,
        });
        expect(text).toMatch(/^anyformer on browser, plain JavaScript \(the page's Content-Sec/);
        const ours = complaints.filter((complaint) => complaint.includes('anyformer runs on'));
        const warning = expect.stringMatching(/^warn: .* plain JavaScript, .* far slower/);
        // WebKit's driver tells nothing of the console.
        expect(ours).toEqual(host === webkit ? [] : [warning]);
        expect(server.requests).toContain('/dist/anyformer.javascript.js');
      });
    });

    it('asks for nothing more as one file with the WebAssembly inside', async () => {
      const policy = strictPolicy({ wasm: true });
      const files = {
        '/page.mjs':
          "import * as anyformer from '/dist/anyformer.inline.js'; globalThis.anyformer = anyformer;",
      };
      await onPage(
        browser,
        { policy, files },
        ['/page.mjs'],
        async ({ page, complaints, server }) => {
          await untilTrue(page, 'globalThis.anyformer');
          const before = server.requests.length;
          const { info, ...trained } = (await page.evaluate(trainOnPage)) as TrainedOnPage;
          expectSameNumbers(trained, expected);
          expect(info).toMatchObject({ runtime: 'inline', backend: 'wasm' });
          expect(server.requests.slice(before)).toEqual([]);
          expect(complaints).toEqual([]);
        },
      );
    });

    // WebKit's driver keeps every window in front.
    it.skipIf(host === webkit)('goes on training while its tab is hidden', async () => {
      await onPage(browser, {}, [SCRIPT], async ({ page }) => {
        await page.evaluate(`${START}.then(String)`);
        const other = await browser.newPage();
        await other.bringToFront();
        try {
          const [state, frames, seconds, trained] = (await page.evaluate(`(async () => {
          let frames = 0;
          const start = performance.now();
          const count = () => { frames++; requestAnimationFrame(count); };
          requestAnimationFrame(count);
          const trained = await (${TRAIN})(anyformer);
          return [document.visibilityState, frames, (performance.now() - start) / 1000, trained];
        })()`)) as [string, number, number, Trained];
          expect(state).toBe('hidden');
          // At most what was due when it was hidden, and in Firefox one a second, ever more rarely:
          // nothing that waits for frames would have ended.
          expect(frames).toBeLessThan(host === firefox ? 3 + seconds : 3);
          expectSameNumbers(trained, expected);
        } finally {
          await other.close();
        }
      });
    });
  });
}

describe.skipIf(!chromium.path)(
  `two copies on one page: ${chromium.title}`,
  { timeout: 120_000 },
  () => {
    let browser: Browser;
    let tfjs: string;
    beforeAll(async () => {
      browser = await chromium.launch();
      tfjs = await bundleTfjs();
    }, 60_000);
    afterAll(() => browser?.close());

    const site: Site = {
      folders: {
        '/one/': dist,
        '/two/': dist,
      },
      files: {
        '/own.js': `
        tf.setBackend('cpu');
        globalThis.state = () => ({
          backend: tf.getBackend(),
          kernels: tf.getKernelsForBackend('cpu').map(({ kernelName }) => kernelName).sort(),
          others: ['wasm', 'webgl'].map((name) => tf.getKernelsForBackend(name).length),
          tensors: tf.memory().numTensors,
          globals: Reflect.ownKeys(globalThis).map(String).filter((key) => key.startsWith('_tf')),
          math: Reflect.ownKeys(Math).length,
        });
        globalThis.own = tf.variable(tf.tensor1d([3, -4]));
        // The page's own training: the gradient of the sum of the squares is 2 x.
        globalThis.trainOwn = async () => {
          for (let step = 0; step < 20; step++) {
            tf.tidy(() => {
              const { grads } = tf.variableGrads(() => tf.sum(tf.mul(own, own)), [own]);
              own.assign(tf.sub(own, tf.mul(grads[own.name], 0.1)));
            });
            await new Promise((resolve) => setTimeout(resolve));
          }
          return Array.from(await own.data());
        };
        globalThis.before = state();
      `,
        '/keep.js': 'globalThis.first = anyformer;',
      },
    };
    const scripts = [
      '/tf.js',
      '/own.js',
      '/one/anyformer.iife.js',
      '/keep.js',
      '/two/anyformer.iife.js',
    ];

    it.each([
      ['WebAssembly', true],
      ['plain JavaScript', false],
    ])(
      'on %s, both train beside the page’s own tfjs, and nobody disturbs another',
      async (_, wasm) => {
        const policy = `script-src 'self' ${wasm ? "'wasm-unsafe-eval'" : ''}`;
        await onPage(
          browser,
          { ...site, files: { ...site.files, '/tf.js': tfjs }, policy },
          scripts,
          async ({ page, complaints }) => {
            const found = (await page.evaluate(`(async () => {
        const two = anyformer;
        const engines = await Promise.all([first, two].map((sdk) => sdk.createEngine({ relaxed: false })));
        const [own, ...trained] = await Promise.all([
          trainOwn(), (${TRAIN})(first), (${TRAIN})(two),
        ]);
        return {
          own, trained, before, after: state(), isTwo: first !== two && engines[0] !== engines[1],
          tensors: engines.map((engine) => engine.info().tensors),
          defined: customElements.get('anyformer-classifier') === first.AnyformerClassifier,
        };
      })()`)) as {
              own: number[];
              trained: Trained[];
              before: { kernels: string[]; backend: string };
              after: object;
              isTwo: boolean;
              tensors: number[];
              defined: boolean;
            };
            expect(found.before).toMatchObject({ backend: 'cpu', others: [0, 0], tensors: 2 });
            expect(found.before.kernels.length).toBeGreaterThan(100);
            expect(found.after).toEqual(found.before);
            expect(found.own[0]).toBeCloseTo(3 * 0.8 ** 20, 5);
            expect(found).toMatchObject({ isTwo: true, tensors: [0, 0], defined: true });
            for (const trained of found.trained) expectSameNumbers(trained, expected);
            expect(
              complaints.filter((complaint) => !complaint.includes('anyformer runs on')),
            ).toEqual([]);
          },
        );
      },
    );
  },
);

describe.skipIf(!chromium.path)(`what goes wrong: ${chromium.title}`, { timeout: 120_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch();
  }, 60_000);
  afterAll(() => browser?.close());

  /** Starts the engine and tells the error, if there is one. */
  const startOnPage = `${START}.then(() => 'started', ({ name, code, message }) => ({ name, code, message }))`;
  const start = (site: Site) =>
    onPage(browser, site, [SCRIPT], ({ page }) => page.evaluate(startOnPage));
  const engineError = (message: RegExp) => ({
    name: 'AnyformerError',
    code: 'ENGINE',
    message: expect.stringMatching(message),
  });
  const next = String.raw`.*dist/wasm; make it reachable there, or give it through createEngine\(\{ modules \}\)`;

  it('WebAssembly that is not there, cut off, or a page of the server instead', async () => {
    const file = 'anyformer.simd.wasm';
    expect(await start({ missing: [file] })).toEqual(
      engineError(
        new RegExp(`^${file} could not be loaded: .*/dist/wasm/${file} answered 404.${next}`),
      ),
    );
    expect(await start({ cut: [file] })).toEqual(
      engineError(new RegExp(`^${file} could not be loaded: Failed to fetch.${next}`)),
    );
    expect(await start({ types: { [file]: 'text/html' } })).toEqual(
      engineError(new RegExp(`^${file} could not be loaded: .* answered with a web page.${next}`)),
    );
  });

  it('WebAssembly of another type is taken all the same', async () => {
    expect(await start({ types: { '.wasm': 'text/plain' } })).toBe('started');
  });

  it('plain JavaScript that is needed and not there', async () => {
    const site = { policy: strictPolicy({ wasm: false }), missing: ['anyformer.javascript.js'] };
    expect(await start(site)).toEqual(
      engineError(
        /^WebAssembly may not run \(.*\), and what runs without it could not be loaded: .* Serve all files/,
      ),
    );
  });

  it('a server of another origin that refuses', async () => {
    const cdn = await serveStatic({ folders: { '/': dist } });
    try {
      await onPage(browser, {}, [`${cdn.address}anyformer.iife.js`], async ({ page }) => {
        expect(await page.evaluate(startOnPage)).toEqual(
          engineError(/could not be loaded: Failed to fetch/),
        );
      });
    } finally {
      await cdn.close();
    }
  });

  it('no memory left: a training is told, and goes on once there is some', async () => {
    const found = await onPage(browser, {}, [SCRIPT], ({ page }) =>
      page.evaluate(`(${FILL_MEMORY})(anyformer)`),
    );
    expect(found).toEqual(FILLED_MEMORY);
  });

  it('no network: it is told, and the next attempt goes well once there is one', async () => {
    await onPage(browser, {}, [SCRIPT], async ({ page }) => {
      await page.setOfflineMode(true);
      expect(await page.evaluate(startOnPage)).toEqual(
        engineError(/could not be loaded: Failed to fetch/),
      );
      const loading = `anyformer.TextClassifier.load('/model').then(String, ({ code, message }) => code + ': ' + message)`;
      expect(
        await page.evaluate(loading.replace("'/model'", "location.origin + '/model'")),
      ).toMatch(/^(STORAGE|ENGINE): .*(could not be reached for config\.json|could not be loaded)/);
      // The start that the load had begun ends as well, before there is a network.
      expect(await page.evaluate(startOnPage.replace('{ relaxed: false }', ''))).toMatchObject({
        code: 'ENGINE',
      });
      await page.setOfflineMode(false);
      expect(await page.evaluate(startOnPage.replace('{ relaxed: false }', ''))).toBe('started');
    });
  });
});
