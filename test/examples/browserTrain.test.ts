import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import puppeteer, { type Browser, type ElementHandle, type Page } from 'puppeteer-core';
import { build, type PreviewServer, preview } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findChromium } from '../runtimes/support/find.mjs';
import { root, temporaryFolder } from '../support/builtPackage.ts';
import { longTasks } from '../support/longTasks.ts';
import { toyReviews } from './runExample.ts';

const chromium = findChromium();
const title = chromium ? 'Chromium' : 'Chromium, left out: set CHROMIUM to its path';

/** @param times that each text is in its row, one after the other. */
const toCsv = (count: number, times = 1) => {
  const rows = toyReviews(count).map(({ text, label }) => ({
    text: Array(times).fill(text),
    label,
  }));
  return ['text,label', ...rows.map(({ text, label }) => `"${text.join(' ')}",${label}`)].join(
    '\n',
  );
};

describe.skipIf(!chromium)(`the page that trains, in ${title}`, { timeout: 120_000 }, () => {
  let folder: string;
  let server: PreviewServer;
  let browser: Browser;
  let page: Page;
  let problems: string[];

  beforeAll(async () => {
    folder = await temporaryFolder();
    const site = {
      root: join(root, 'examples/browser-train'),
      build: { outDir: join(folder, 'site'), emptyOutDir: true },
      logLevel: 'error',
    } as const;
    await build(site);
    server = await preview({ ...site, preview: { host: '127.0.0.1', port: 0 } });
    const args = ['--no-sandbox', '--disable-gpu'];
    browser = await puppeteer.launch({ executablePath: chromium!, args });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    // What one test leaves in the browser is not there for the next.
    const context = await browser.createBrowserContext();
    page = await context.newPage();
    problems = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    await open();
  });
  afterEach(async () => {
    await page.browserContext().close();
    expect(problems).toEqual([]);
  });

  async function open(): Promise<void> {
    await page.goto(server.resolvedUrls!.local[0]!);
    await waitFor('threads', /(at once|because)/);
  }

  const text = (id: string) => page.$eval(`#${id}`, (element) => element.textContent ?? '');
  const waitFor = (id: string, pattern: RegExp) =>
    page.waitForFunction(
      (id, source) => new RegExp(source).test(document.getElementById(id)!.textContent ?? ''),
      { timeout: 100_000, polling: 50 },
      id,
      pattern.source,
    );
  const paste = (rows: string) =>
    page.$eval(
      '#rows',
      (area, rows) => {
        (area as HTMLTextAreaElement).value = rows;
        area.dispatchEvent(new Event('input'));
      },
      rows,
    );
  const stepsDone = async () => Number(/^[\d,]+/.exec(await text('step'))?.[0].replace(',', ''));

  /** @param epochs of a Transformer alone, which the page trains where they are set. */
  async function prepare(rows: string, epochs?: number): Promise<void> {
    await paste(rows);
    await waitFor('data-status', / rows with /);
    if (epochs === undefined) return;
    await page.$eval(
      '#epochs',
      (field, epochs) => {
        (field as HTMLInputElement).value = String(epochs);
        field.dispatchEvent(new Event('input'));
      },
      epochs,
    );
  }

  async function train(rows: string, epochs?: number): Promise<void> {
    await prepare(rows, epochs);
    await page.click('#train');
  }

  /** What the button for it hands to the browser, as bytes in base 64. */
  async function download(): Promise<string> {
    await page.evaluate(() => {
      const create = URL.createObjectURL;
      URL.createObjectURL = (blob) => {
        Object.assign(globalThis, { downloaded: blob });
        return create(blob);
      };
    });
    await page.click('#download');
    await page.waitForFunction('globalThis.downloaded');
    return page.evaluate(async () => {
      const { downloaded } = globalThis as unknown as { downloaded: Blob };
      const bytes = new Uint8Array(await downloaded.arrayBuffer());
      return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
    });
  }

  /** The weights of such a file; the dates of a zip are not to be compared. */
  const weightsOf = async (archive: string) => {
    const { unzipSync } = await import('fflate');
    return unzipSync(Buffer.from(archive, 'base64'))['model.safetensors']!;
  };

  it('learns, and labels a text that it has not seen; the model goes to a file and comes back', async () => {
    await train(toCsv(240));
    await waitFor(
      'training-status',
      /^Done\. (9\d|100) % \(likely \d+ to \d+ %\) of held-out texts/,
    );
    expect(await text('verdict')).toMatch(
      /has not learned from, it labels \d+ % \(likely \d+ to \d+ %\)/,
    );
    expect(await text('compared')).toMatch(/This model\d+ %.*Always “(good|bad)”5\d %/);
    expect(await text('method')).toMatch(/cross-validation.*n-gram model/);
    expect(await text('warnings')).toBe('');
    await page.type('#sentence', 'a boring and awful film');
    await waitFor('try-status', /Most likely: bad\./);
    const scores = await text('scores');

    const file = join(folder, 'classifier.zip');
    await writeFile(file, Buffer.from(await download(), 'base64'));
    await page.evaluate(() => indexedDB.deleteDatabase('keyval-store'));
    await open();
    expect(await text('try-status')).toMatch(/There is no model yet/);
    await page.type('#sentence', 'a boring and awful film');
    await ((await page.$('#model-file')) as ElementHandle<HTMLInputElement>).uploadFile(file);
    await waitFor('try-status', /Most likely: bad\./);
    expect(await text('scores')).toBe(scores);

    const other = join(folder, 'other.zip');
    await writeFile(other, 'not a zip file');
    await ((await page.$('#model-file')) as ElementHandle<HTMLInputElement>).uploadFile(other);
    await waitFor('try-status', /\(INVALID_FILE\)/);
  });

  it('says what it is doing, and brings the model and its result back after a reload', async () => {
    await prepare(toCsv(240));
    await page.evaluate(() => {
      const phases = new Set<string>();
      Object.assign(globalThis, { phases });
      const shown = document.getElementById('phase')!;
      const note = () => phases.add(shown.textContent ?? '');
      new MutationObserver(note).observe(shown, {
        childList: true,
        characterData: true,
        subtree: true,
      });
    });
    await page.click('#train');
    await waitFor('training-status', /^Done\./);
    const phases = await page.evaluate(() => [
      ...(globalThis as unknown as { phases: Set<string> }).phases,
    ]);
    expect(phases).toContain('Comparing n-gram models');
    expect(phases).toContain('Training a Transformer');
    const verdict = await text('verdict');
    await open();
    await waitFor('training-status', /^The model of your last visit is still here\.$/);
    expect(await text('verdict')).toBe(verdict);
    await page.type('#sentence', 'an awful film');
    await waitFor('try-status', /Most likely: bad\./);
  });

  it('is not sure of what it does not know, and asks for a text where there is none', async () => {
    await train(toCsv(240));
    await waitFor('training-status', /^Done\./);
    await page.type('#sentence', '   ');
    await waitFor('try-status', /^Write something/);
    await page.type('#sentence', 'qwzx vbjk');
    await waitFor('try-status', /^Not sure: it looks like nothing in the training data\.$/);
    expect(await text('scores')).not.toContain('unknown');
  });

  it('warns where the data is too little to learn from', async () => {
    await train(toCsv(12));
    await waitFor('training-status', /^Done\./);
    expect(await text('warnings')).toMatch(/12 rows in all/);
  });

  it('trains a Transformer where its epochs are set, and none where it is left to the page', async () => {
    const chosen = () =>
      page.$eval('[name=model]:checked', (radio) => (radio as HTMLInputElement).value);
    expect(await chosen()).toBe('auto');
    await train(toCsv(240), 20);
    expect(await chosen()).toBe('small');
    await waitFor('training-status', /^Epoch \d+ of 20\./);
    await waitFor('training-status', /^Done\./);
    expect(await text('compared')).toMatch(/N-grams alone/);
    expect(await text('method')).toMatch(/48 texts that were held out\. It is: a Transformer\.$/);
    const curve = await page.$eval('#loss-curve', (element) => element.ariaLabel ?? '');
    const [, first, last] = /from ([\d.]+) to ([\d.]+)/.exec(curve)!;
    expect(Number(last)).toBeLessThan(Number(first) / 2);
    await page.$eval('[name=model][value=auto]', (radio) => (radio as HTMLInputElement).click());
    expect(await page.$eval('#epochs', (field) => (field as HTMLInputElement).value)).toBe('');
  });

  it('stops, and goes on after a reload to the very weights of a training without a stop', async () => {
    const rows = toCsv(1200);
    await train(rows, 6);
    await waitFor('training-status', /^Done\./);
    const whole = await weightsOf(await download());

    await page.click('#train');
    await waitFor('phase', /^Training/);
    await waitFor('step', /^[2-9]\d \//);
    await page.click('#train');
    await waitFor('training-status', /^Stopped after step \d+\./);
    const stopped = await stepsDone();
    await open();
    await waitFor('train', /^Resume$/);
    expect(await text('training-status')).toContain(`stopped at step ${stopped}.`);
    await page.click('#train');
    await waitFor('training-status', /^Done\./);
    expect(Buffer.compare(await weightsOf(await download()), whole)).toBe(0);
  });

  it('resumes what it chooses itself, to the same answer', async () => {
    const rows = toCsv(1200);
    await train(rows);
    await waitFor('training-status', /^Done\./);
    const whole = await weightsOf(await download());
    const verdict = await text('verdict');
    await page.click('#train');
    await waitFor('phase', /^Training/);
    await waitFor('step', /^[2-9]\d \//);
    await page.click('#train');
    await waitFor('training-status', /^Stopped after step \d+\./);
    await page.click('#train');
    await waitFor('training-status', /^Done\./);
    expect(Buffer.compare(await weightsOf(await download()), whole)).toBe(0);
    expect(await text('verdict')).toBe(verdict);
  });

  it('has no task of 50 ms and moves nothing while it trains', async () => {
    // Long texts: on the page's own thread, each step would be a long task.
    await prepare(toCsv(600, 12), 2);
    await page.$eval('[name=model][value=medium]', (radio) => (radio as HTMLInputElement).click());
    await page.evaluate(() => {
      const seen = { shift: 0 };
      Object.assign(globalThis, { seen });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) seen.shift += (entry as LayoutShift).value;
      }).observe({ type: 'layout-shift' });
    });
    const tasks = await longTasks(page, async () => {
      await page.click('#train');
      await waitFor('training-status', /^Done\./);
    });
    expect(tasks).toEqual([]);
    expect(await page.evaluate('seen.shift')).toBeLessThan(0.01);
  });

  it('names the rows that cannot be used, and says why a table cannot', async () => {
    await paste('id,body,stars\n1,"fine film",good\n2,"",bad\n3,"dull film",bad\n4\n');
    await waitFor('data-status', /^2 rows with 2 labels; 2 left out:$/);
    expect(await page.$eval('#text-column', (e) => (e as HTMLSelectElement).value)).toBe('body');
    expect(await text('problems')).toBe('Row 3: body is emptyRow 5: it has 1 field, the header 3');
    await paste('text,label\n"never closed,good\n');
    await waitFor('data-status', /row 2: it opens a quote that is never closed\. \(INVALID_DATA\)/);
    expect(await page.$eval('#train', (e) => (e as HTMLButtonElement).disabled)).toBe(true);
    await paste('{"text":"fine","label":"good"}\n{"text":"dull","label":"good"}');
    await waitFor('data-status', /^2 rows with 1 label\.$/);
    await page.click('#train');
    await waitFor('training-status', /only the label 'good'.*\(INVALID_DATA\)/);
  });

  it('can be used by the keyboard alone', async () => {
    const focused = () => page.evaluate(() => document.activeElement?.id ?? '');
    async function tabTo(id: string): Promise<void> {
      for (let presses = 0; presses < 20; presses++) {
        await page.keyboard.press('Tab');
        if ((await focused()) !== id) continue;
        const outline = await page.evaluate(
          () => getComputedStyle(document.activeElement!).outline,
        );
        expect(outline).toContain('solid 3px');
        return;
      }
      throw new Error(`Tab does not lead to ${id}`);
    }
    await tabTo('rows');
    await tabTo('sample');
    await page.keyboard.press('Space');
    await waitFor('data-status', /^100 rows with 4 labels\.$/);
    await tabTo('epochs');
    await tabTo('train');
    await page.keyboard.press('Enter');
    await waitFor('training-status', /^Done\./);
    expect(await focused()).toBe('train');
    expect(await text('announcement')).toMatch(/^Done\./);
    await tabTo('sentence');
    await page.keyboard.type('My parcel is lost');
    await waitFor('try-status', /Most likely: delivery\./);
    await tabTo('download');
    await tabTo('load');
  });

  it.each(['light', 'dark'])('is readable and fits a phone: %s', async (value) => {
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }]);
    await page.setViewport({ width: 360, height: 800 });
    await page.click('#sample');
    await waitFor('data-status', / rows with /);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    const contrasts = await page.evaluate(contrastsOfTexts);
    expect(contrasts.length).toBeGreaterThan(20);
    expect(contrasts.filter(({ contrast }) => contrast < 4.5)).toEqual([]);
  });

  it('trains on while another tab is in front', async () => {
    await train(toCsv(1200), 6);
    await waitFor('training-status', /^Epoch/);
    const before = await stepsDone();
    const other = await page.browserContext().newPage();
    await other.bringToFront();
    expect(await page.evaluate(() => document.visibilityState)).toBe('hidden');
    await waitFor('training-status', /^Done\./);
    expect(await stepsDone()).toBeGreaterThan(before);
  });

  it('trains on where a checkpoint cannot be kept, says so, and stops and resumes in its tab', async () => {
    const session = await page.createCDPSession();
    const { origin } = new URL(page.url());
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 });
    await train(toCsv(1200), 12);
    await waitFor('training-status', /^Epoch .* gone after a reload: .*QuotaExceededError/);
    await page.click('#train');
    await waitFor('training-status', /^Stopped after step \d+\..*QuotaExceededError/);
    await session.send('Storage.overrideQuotaForOrigin', { origin });
    await page.click('#train');
    await waitFor(
      'training-status',
      /^Done\. \d+ % \(.*\) of held-out texts right\. Try it below\.$/,
    );
  });
});

interface LayoutShift extends PerformanceEntry {
  readonly value: number;
}

/** Of each element with a text of its own: how its colour stands out from what is behind it (WCAG). */
function contrastsOfTexts(): { text: string; contrast: number }[] {
  const channels = (color: string) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (color: string) => {
    const [r, g, b] = channels(color).map((channel) => {
      const c = channel / 255;
      return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  function background(element: Element | null): string {
    if (!element) return 'rgb(255, 255, 255)';
    const color = getComputedStyle(element).backgroundColor;
    return channels(color)[3] === 0 ? background(element.parentElement) : color;
  }
  return [...document.querySelectorAll('body *')]
    .filter((element) =>
      [...element.childNodes].some((n) => n.nodeType === 3 && n.nodeValue?.trim()),
    )
    .filter((element) => element.checkVisibility() && !element.matches('option, :disabled *'))
    .map((element) => {
      const [a, b] = [getComputedStyle(element).color, background(element)].map(luminance);
      const contrast = (Math.max(a!, b!) + 0.05) / (Math.min(a!, b!) + 0.05);
      return { text: element.textContent!.trim().slice(0, 30), contrast };
    });
}
