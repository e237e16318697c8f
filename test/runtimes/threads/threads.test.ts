import { join } from 'node:path';
import type { Browser } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineOptions } from '../../../src/index.ts';
import { type InstalledPackage, installPackage } from '../../support/builtPackage.ts';
import { chromium, openPage } from '../../support/chromium.ts';
import { untilTrue } from '../../support/pageState.ts';
import { type Site, serveStatic } from '../../support/staticServer.ts';
import { buildSite, type Place } from '../support/site.ts';
import {
  type Convolved,
  IMPORTS,
  type Programs,
  programHosts,
  runProgram,
  type Trained,
  writePrograms,
} from './programHosts.ts';

let installed: InstalledPackage;
let reference: Trained;

beforeAll(async () => {
  installed = await installPackage();
  await writePrograms(installed.folder);
  reference = await runProgram(programHosts[0]!, installed.folder, 'training', {
    threads: 1,
    relaxed: false,
  });
});
afterAll(() => installed?.remove());

/** XNNPACK's bits do not depend on its threads either. */
function expectSameConvolutions(found: readonly Convolved[]): void {
  expect(found.map(({ threads }) => threads)).toEqual([1, 2, 4]);
  expect(Object.keys(found[0]!.digests).length).toBe(14);
  for (const { digests } of found) expect(digests).toEqual(found[0]!.digests);
}

/** Any number of threads gives the bits of one; without relaxed SIMD, every host Node's numbers. */
function expectSameTraining(found: readonly Trained[]): void {
  for (const { losses, weights, scores } of found) {
    expect(losses).toEqual(found[0]!.losses);
    expect(weights).toBe(found[0]!.weights);
    expect(scores).toBe(found[0]!.scores);
  }
}

function expectNodesLosses({ losses }: Trained): void {
  expect(losses.length).toBe(reference.losses.length);
  for (const [i, loss] of losses.entries()) expect(loss).toBeCloseTo(reference.losses[i]!, 4);
}

const running = (count: number) => ({ enabled: true, count, running: count });

describe('the same bits on 1, 2 and 4 threads', () => {
  it('comes from a training that learns something', () => {
    expect(reference.losses.length).toBe(12);
    expect(reference.losses.at(-1)).toBeLessThan(reference.losses[0]! / 2);
    expect(reference.weights).toMatch(/^[0-9a-f]{64}$/);
  });

  for (const host of programHosts) {
    const { name, binary } = host;
    const title = binary ? name : `${name}, left out: npm ci brings it on Linux x64`;
    it.skipIf(!binary)(title, { timeout: 240_000 }, async () => {
      const found: Trained[] = [];
      for (const threads of [1, 2, 4]) {
        found.push(await runProgram(host, installed.folder, 'training', { threads }));
      }
      expect(found.map(({ threads }) => threads)).toEqual([
        { enabled: false, count: 1, running: 1, reason: 'switched off with threads: 1' },
        running(2),
        running(4),
      ]);
      expectSameTraining(found);
      expectNodesLosses(
        await runProgram(host, installed.folder, 'training', { threads: 2, relaxed: false }),
      );
    });
  }
});

describe("the same bits of tfjs's convolutions on 1, 2 and 4 threads of XNNPACK", () => {
  for (const host of programHosts.filter(({ name }) => !/^Node \d/.test(name))) {
    it.skipIf(!host.binary)(host.name, { timeout: 240_000 }, async () => {
      const found: Convolved[] = [];
      for (const threads of [1, 2, 4]) {
        found.push(await runProgram(host, installed.folder, 'convolutions', { threads }));
      }
      expectSameConvolutions(found);
    });
  }
});

/** As a careful site has it: scripts and workers are its own files or none. */
const POLICY = "script-src 'self' 'wasm-unsafe-eval'";

describe.skipIf(!chromium.path)(chromium.title, () => {
  let browser: Browser;
  let site: string;

  beforeAll(async () => {
    site = join(installed.folder, 'site');
    await buildSite(installed.folder, site, IMPORTS);
    browser = await chromium.launch();
  }, 120_000);
  afterAll(() => browser?.close());

  /** Opens a page of its own, and runs a program there. */
  async function runOnPage<Name extends keyof Programs>(
    where: Place,
    name: Name,
    options: EngineOptions,
    serving: Site,
  ): Promise<Programs[Name]> {
    const server = await serveStatic({ folders: { '/': site }, policy: POLICY, ...serving });
    const { page } = await openPage(browser, `${server.address}index.html`);
    try {
      await untilTrue(page, 'globalThis.runHere !== undefined');
      const call = `${where}('${name}', ${JSON.stringify(options)})`;
      return (await page.evaluate(call)) as Programs[Name];
    } finally {
      await page.close();
      await server.close();
    }
  }

  const train = (where: Place, options: EngineOptions, serving: Site) =>
    runOnPage(where, 'training', options, serving);

  describe.each([
    ["a page's main thread", 'runHere'],
    ['a Web Worker', 'runInWorker'],
  ] as const)('on %s', (_, where) => {
    it('gives the same bits on 1, 2 and 4 threads', { timeout: 240_000 }, async () => {
      const found: Trained[] = [];
      for (const threads of [1, 2, 4]) {
        found.push(await train(where, { threads }, { isolated: true }));
      }
      expect(found[0]).toMatchObject({ runtime: 'browser', threads: { enabled: false } });
      expect(found[1]!.threads).toEqual(running(2));
      expect(found[2]!.threads).toEqual(running(4));
      expectSameTraining(found);
    });

    it('convolves on 1, 2 and 4 threads of XNNPACK', { timeout: 240_000 }, async () => {
      const found: Convolved[] = [];
      for (const threads of [1, 2, 4]) {
        found.push(await runOnPage(where, 'convolutions', { threads }, { isolated: true }));
      }
      expectSameConvolutions(found);
    });

    it("gives Node's numbers, and one thread where the page is not isolated", {
      timeout: 120_000,
    }, async () => {
      const trained = await train(where, { threads: 2, relaxed: false }, { isolated: false });
      expectNodesLosses(trained);
      expect(trained.threads).toEqual({
        enabled: false,
        count: 1,
        running: 1,
        reason: expect.stringMatching(
          /^the page is not cross-origin isolated; serve it with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp$/,
        ),
      });
    });

    it('goes on with one thread where the worker’s file is missing, and says so', {
      timeout: 120_000,
    }, async () => {
      const trained = await train(
        where,
        { threads: 3, relaxed: false },
        { isolated: true, missing: ['browserWorker.js'] },
      );
      expectNodesLosses(trained);
      expect(trained.threads).toEqual({
        enabled: false,
        count: 1,
        running: 1,
        reason: expect.stringMatching(/^a thread could not start: .*browserWorker\.js/),
      });
    });
  });

  it('takes WebAssembly of any type, and its own where the files are missing', {
    timeout: 120_000,
  }, async () => {
    const options: EngineOptions = { threads: 1, relaxed: false };
    const isolated = false;
    const types = { '.wasm': 'application/octet-stream' };
    expectNodesLosses(await train('runHere', options, { isolated, types }));
    expectNodesLosses(await train('runHere', options, { isolated, missing: ['.wasm'] }));
  });
});
