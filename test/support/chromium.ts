import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { findChromium, findOnPath } from '../runtimes/support/find.mjs';

/** A browser of this machine that tests can drive. */
export interface InstalledBrowser {
  /** For the title of a test: without a path, how to get it. */
  readonly title: string;
  readonly path: string | undefined;
  /** How to get it, where it is not there. */
  readonly missing: string | undefined;
  launch(...args: string[]): Promise<Browser>;
}

function found(
  name: string,
  path: string | undefined,
  how: string,
): Omit<InstalledBrowser, 'launch'> {
  const missing = path ? undefined : how;
  return { title: missing ? `${name}, left out: ${missing}` : name, path, missing };
}

const chromiumFound = found(
  'Chromium',
  findChromium(),
  'apt-get install chromium, or set CHROMIUM to its path',
);

export const chromium: InstalledBrowser = {
  ...chromiumFound,
  launch: (...args) =>
    puppeteer.launch({
      executablePath: chromiumFound.path!,
      args: ['--no-sandbox', '--disable-gpu', ...args],
      // So that a hidden page is held back as a user's is.
      ignoreDefaultArgs: [
        '--disable-background-timer-throttling',
        '--disable-backgrounding-occluded-windows',
        '--disable-renderer-backgrounding',
      ],
    }),
};

const firefoxFound = found(
  'Firefox',
  process.env.FIREFOX ?? findOnPath('firefox') ?? findOnPath('firefox-esr'),
  'apt-get install firefox-esr, or set FIREFOX to its path',
);

export const firefox: InstalledBrowser = {
  ...firefoxFound,
  launch: (...args) =>
    puppeteer.launch({ browser: 'firefox', executablePath: firefoxFound.path!, args }),
};

/** A page, and what its console and its scripts complained of. */
export interface WatchedPage {
  readonly page: Page;
  /** `warn: …`, `error: …` of the console, and `exception: …` of what nothing caught. */
  readonly complaints: readonly string[];
}

/** Opens an address on a page of its own. */
export async function openPage(browser: Browser, address: string): Promise<WatchedPage> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  const add = (type: string, text: string) => {
    // What the browser asks for by itself is not the page's doing.
    if (!text.includes('/favicon.ico')) complaints.push(`${type}: ${text}`);
  };
  page.on('console', (message) => {
    const type = message.type();
    if (type === 'warn' || type === 'error')
      add(type, `${message.text()} ${message.location().url ?? ''}`.trim());
  });
  page.on('pageerror', (error) => {
    add('exception', error instanceof Error ? error.message : String(error));
  });
  await page.goto(address);
  return { page, complaints };
}
