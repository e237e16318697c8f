import type { Page } from 'puppeteer-core';
import { vi } from 'vitest';

/**
 * Waits until an expression is true in a page. In place of puppeteer's `waitForFunction`, which
 * makes a function of the expression, and Firefox lets a page's policy forbid that.
 */
export function untilTrue(page: Page, expression: string): Promise<void> {
  return vi.waitFor(
    async () => {
      if (!(await page.evaluate(expression))) throw new Error(`It never came true: ${expression}`);
    },
    { timeout: 30_000, interval: 20 },
  );
}

/** Makes a page as wide as a phone, say. Older Firefoxes cannot turn the screen as well, and need not. */
export async function resizePage(page: Page, width: number, height: number): Promise<void> {
  await page.setViewport({ width, height }).catch((error: Error) => {
    if (!error.message.includes('emulation.setScreenOrientationOverride')) throw error;
  });
  await untilTrue(page, `innerWidth === ${width}`);
}
