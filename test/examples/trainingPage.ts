import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import puppeteer, { type Browser, type ElementHandle, type Page } from 'puppeteer-core';
import { build, type PreviewServer, preview } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { findChromium } from '../runtimes/support/find.mjs';
import { root, temporaryFolder } from '../support/builtPackage.ts';
import { toyReviews } from './runExample.ts';

export const chromium = findChromium();
export const inChromium = chromium
  ? 'in Chromium'
  : 'in Chromium, left out: set CHROMIUM to its path';

/** @param times that each text is in its row, one after the other. */
export const toCsv = (count: number, times = 1): string => {
  const rows = toyReviews(count).map(
    ({ text, label }) => `"${Array(times).fill(text).join(' ')}",${label}`,
  );
  return ['text,label', ...rows].join('\n');
};

/** The page of examples/browser-train, built and served, anew for each test. */
export class TrainingPage {
  folder!: string;
  page!: Page;
  browser!: Browser;
  #server!: PreviewServer;
  #problems: string[] = [];

  async start(): Promise<void> {
    this.folder = await temporaryFolder();
    const site = {
      root: join(root, 'examples/browser-train'),
      build: { outDir: join(this.folder, 'site'), emptyOutDir: true },
      logLevel: 'error',
    } as const;
    await build(site);
    this.#server = await preview({ ...site, preview: { host: '127.0.0.1', port: 0 } });
    const args = ['--no-sandbox', '--disable-gpu'];
    this.browser = await puppeteer.launch({ executablePath: chromium!, args });
  }

  async end(): Promise<void> {
    await this.browser?.close();
    await this.#server?.close();
    if (this.folder) await rm(this.folder, { recursive: true, force: true });
  }

  /** What one test leaves in the browser is not there for the next. */
  async renew(): Promise<void> {
    const context = await this.browser.createBrowserContext();
    this.page = await context.newPage();
    this.#problems = [];
    this.page.on('pageerror', (error) => this.#problems.push(String(error)));
    await this.open();
  }

  async close(): Promise<void> {
    await this.page.browserContext().close();
    expect(this.#problems).toEqual([]);
  }

  get address(): string {
    return this.#server.resolvedUrls!.local[0]!;
  }

  async open(): Promise<void> {
    await this.page.goto(this.address);
    await this.waitFor('threads', /(at once|because)/);
    await this.waitFor('training-status', /^(?!Starting)./);
  }

  text(id: string): Promise<string> {
    return this.page.$eval(`#${id}`, (element) => element.textContent ?? '');
  }

  /** All that can be read on the page, hidden or not, piece by piece. */
  words(): Promise<string> {
    return this.page.evaluate(() => {
      const pieces = document.createTreeWalker(document.querySelector('main')!, 4);
      const found: string[] = [];
      while (pieces.nextNode()) found.push(pieces.currentNode.nodeValue ?? '');
      return found.join(' ');
    });
  }

  /** The value of a field, and whether a control is disabled or hidden. */
  control(id: string): Promise<{ value: string; isDisabled: boolean; isVisible: boolean }> {
    return this.page.$eval(`#${id}`, (element) => {
      const { value, disabled } = element as HTMLInputElement;
      return { value, isDisabled: disabled, isVisible: element.checkVisibility() };
    });
  }

  async waitFor(id: string, pattern: RegExp): Promise<void> {
    await this.page
      .waitForFunction(
        (id, source) => new RegExp(source).test(document.getElementById(id)!.textContent ?? ''),
        { timeout: 100_000, polling: 50 },
        id,
        pattern.source,
      )
      .catch(async (cause) => {
        throw new Error(`#${id} is '${await this.text(id)}', not ${pattern}`, { cause });
      });
  }

  /** As a person does it who has rows in the clipboard. */
  async paste(rows: string): Promise<void> {
    await this.page.click('#paste');
    await this.page.$eval(
      '#paste-text',
      (area, rows) => {
        (area as HTMLTextAreaElement).value = rows;
      },
      rows,
    );
    await this.page.click('#paste-box [value=use]');
  }

  /** Chooses a file of these bytes with the button for data. */
  async openFile(name: string, bytes: Uint8Array | string): Promise<void> {
    await this.choose('#file', name, bytes);
  }

  async choose(selector: string, name: string, bytes: Uint8Array | string): Promise<void> {
    const path = join(this.folder, name);
    await writeFile(path, bytes);
    const input = (await this.page.$(selector)) as ElementHandle<HTMLInputElement>;
    await input.uploadFile(path);
  }

  /** @param epochs of a Transformer alone, which the page trains where they are set. */
  async prepare(rows: string, epochs?: number): Promise<void> {
    await this.paste(rows);
    await this.waitFor('data-status', / with 2 labels\.$/);
    if (epochs === undefined) return;
    await this.page.$eval(
      '#epochs',
      (field, epochs) => {
        (field as HTMLInputElement).value = String(epochs);
        field.dispatchEvent(new Event('input'));
      },
      epochs,
    );
  }

  async train(rows: string, epochs?: number): Promise<void> {
    await this.prepare(rows, epochs);
    await this.page.click('#train');
  }

  done(): Promise<void> {
    return this.waitFor('training-status', /^Done\./);
  }

  /** Updates that the curve shows. */
  async steps(): Promise<number> {
    const label = await this.page.$eval('#loss-curve', (element) => element.ariaLabel ?? '');
    return Number(/after (\d+) steps/.exec(label)?.[1] ?? 0);
  }

  async waitForSteps(least: number): Promise<void> {
    await this.page.waitForFunction(
      (least) => {
        const label = document.getElementById('loss-curve')!.ariaLabel ?? '';
        return Number(/after (\d+) steps/.exec(label)?.[1] ?? 0) >= least;
      },
      { timeout: 60_000, polling: 20 },
      least,
    );
  }

  /** Writes into a field in place of what stands there. */
  async write(selector: string, text: string): Promise<void> {
    await this.page.$eval(selector, (field) => {
      (field as HTMLInputElement).value = '';
    });
    await this.page.type(selector, text);
  }

  /** The values of the table's rows on its page. */
  rows(): Promise<string[][]> {
    return this.page.$$eval('#rows-body tr', (rows) =>
      rows.map((row) => {
        const [text, label] = row.querySelectorAll<HTMLInputElement>('textarea, input');
        return [text!.value, label!.value];
      }),
    );
  }

  /** What a button hands to the browser as a download. */
  async download(button: string): Promise<Buffer> {
    await this.page.evaluate(() => {
      const create = URL.createObjectURL;
      URL.createObjectURL = (blob) => {
        Object.assign(globalThis, { downloaded: blob });
        return create(blob);
      };
    });
    await this.page.click(button);
    await this.page.waitForFunction('globalThis.downloaded');
    const base64 = await this.page.evaluate(async () => {
      const { downloaded } = globalThis as unknown as { downloaded?: Blob };
      Object.assign(globalThis, { downloaded: undefined });
      const bytes = new Uint8Array(await downloaded!.arrayBuffer());
      let binary = '';
      for (const byte of bytes) binary += String.fromCharCode(byte);
      return btoa(binary);
    });
    return Buffer.from(base64, 'base64');
  }

  /** The weights of the model; the dates of a zip are not to be compared. */
  async weights(): Promise<Uint8Array> {
    const { unzipSync } = await import('fflate');
    return unzipSync(await this.download('#download'))['model.safetensors']!;
  }
}

/** The page for the tests of a file. */
export function useTrainingPage(): TrainingPage {
  const site = new TrainingPage();
  beforeAll(() => site.start(), 120_000);
  afterAll(() => site.end());
  beforeEach(() => site.renew());
  afterEach(() => site.close());
  return site;
}
