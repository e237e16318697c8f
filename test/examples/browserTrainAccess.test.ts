import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { KeyInput } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { chromium, inChromium, toCsv, useTrainingPage } from './trainingPage.ts';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Finding {
  readonly id: string;
  readonly nodes: readonly { readonly target: unknown; readonly failureSummary: string }[];
}

describe.skipIf(!chromium)(`for everybody, the page ${inChromium}`, { timeout: 120_000 }, () => {
  const site = useTrainingPage();

  /** What axe-core finds wrong with the page as it stands. */
  async function findings(): Promise<string[]> {
    if (!(await site.page.evaluate('Boolean(globalThis.axe)'))) await site.page.evaluate(axe);
    const found = await site.page.evaluate(async () => {
      const { axe } = globalThis as unknown as {
        axe: { run(options: object): Promise<{ violations: Finding[]; passes: Finding[] }> };
      };
      const { violations, passes } = await axe.run({ resultTypes: ['violations', 'passes'] });
      return { violations, passes: passes.length };
    });
    expect(found.passes).toBeGreaterThan(20);
    return found.violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`),
    );
  }

  const tooWide = () => site.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

  it.each([
    ['light', 1280, 800],
    ['dark', 1280, 800],
    ['light', 390, 844],
    ['dark', 390, 844],
    ['light', 900, 1100],
  ])('has nothing that axe-core finds: %s, %i wide', async (scheme, width, height) => {
    await site.page.emulateMediaFeatures([
      { name: 'prefers-color-scheme', value: scheme },
      // What moves is measured at its end.
      { name: 'prefers-reduced-motion', value: 'reduce' },
    ]);
    await site.page.setViewport({ width, height });
    expect(await findings()).toEqual([]);
    await site.page.click('#clear');
    expect(await findings()).toEqual([]);
    await site.openFile('picture.png', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 0, 0));
    await site.waitFor('data-status', /looks like a picture/);
    expect(await findings()).toEqual([]);
    await site.paste('good film\nbad film');
    await site.waitFor('advice', /no labels/);
    expect(await findings()).toEqual([]);
    expect(await tooWide()).toBe(0);
    await site.train(`${toCsv(116)}\n"a lovely film",bad\n"a fine film",bad\n"a great town",bad`);
    await site.done();
    await site.page.type('#sentence', 'this film was awful');
    await site.waitFor('words-status', /^Without/);
    await site.page.click('#matrix .wrong button');
    await site.page.click('#mistakes button');
    expect(await findings()).toEqual([]);
    expect(await tooWide()).toBe(0);
  });

  it('has Train within the first screen of a phone', async () => {
    await site.page.setViewport({ width: 390, height: 844, isMobile: true, hasTouch: true });
    await site.open();
    const { bottom, text } = await site.page.$eval('#train', (button) => ({
      bottom: button.getBoundingClientRect().bottom,
      text: button.textContent,
    }));
    expect(text).toBe('Train');
    expect(bottom).toBeLessThan(844);
    expect((await site.control('rows')).isVisible).toBe(false);
    await site.page.tap('#show-rows');
    expect((await site.control('rows')).isVisible).toBe(true);
  });

  it('can be used by the keyboard alone', async () => {
    const focused = () =>
      site.page.evaluate(() => document.activeElement?.id || document.activeElement?.ariaLabel);
    async function tabTo(id: string): Promise<void> {
      for (let presses = 0; presses < 16; presses++) {
        await site.page.keyboard.press('Tab');
        if ((await focused()) !== id) continue;
        const outline = await site.page.evaluate(
          () => getComputedStyle(document.activeElement!).outline,
        );
        expect(outline).toMatch(/solid [23]px/);
        return;
      }
      throw new Error(`Tab does not lead to ${id}`);
    }
    await tabTo('clear');
    await site.page.keyboard.press('Space');
    expect(await focused()).toBe('sample');
    await site.page.keyboard.press('Enter');
    await site.waitFor('data-status', /^160 sentences with 4 labels\.$/);
    expect(await focused()).toBe('train');
    await site.page.keyboard.press('Enter');
    await site.done();
    expect(await focused()).toBe('train');
    expect(await site.text('announcement')).toMatch(/^Done\./);
    await tabTo('to-closer');
    await tabTo('sentence');
    await site.page.$eval('#sentence', (field) => (field as HTMLTextAreaElement).select());
    await site.page.keyboard.type('My parcel is lost');
    await site.waitFor('try-status', /^delivery, /);
    await tabTo('right-label');
    await tabTo('download-html');
    await tabTo('download');
    await tabTo('load');
  });

  it('moves between rows by the arrows, and by Tab past them', async () => {
    const focused = () => site.page.evaluate(() => document.activeElement?.ariaLabel);
    async function pressWithControl(key: KeyInput): Promise<void> {
      await site.page.keyboard.down('Control');
      await site.page.keyboard.press(key);
      await site.page.keyboard.up('Control');
    }
    await site.page.focus('#rows-body textarea');
    for (const label of ['Sentence 2', 'Sentence 3']) {
      await pressWithControl('End');
      await site.page.keyboard.press('ArrowDown');
      expect(await focused()).toBe(label);
    }
    await pressWithControl('Home');
    await site.page.keyboard.press('ArrowUp');
    expect(await focused()).toBe('Sentence 2');
    await site.page.keyboard.press('Tab');
    expect(await focused()).toBe('Label of sentence 2');
    await site.page.keyboard.press('Enter');
    expect(await focused()).toBe('Label of sentence 3');
    await site.page.keyboard.press('Tab');
    await site.page.keyboard.press('Tab');
    expect(await focused()).toBe('Rows after');
    await site.page.keyboard.press('Enter');
    expect(await site.text('page-status')).toBe('26 to 50 of 160');
    expect(await focused()).toBe('Rows after');
  });
});
