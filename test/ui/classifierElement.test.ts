import { rm } from 'node:fs/promises';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromium, firefox } from '../support/chromium.ts';
import { resizePage, untilTrue } from '../support/pageState.ts';
import type { StaticServer } from '../support/staticServer.ts';
import { webkit } from '../support/webkit.ts';
import { type ElementPage, openElementPage, type Shown, saveModels } from './elementPage.ts';

let folder: string;
beforeAll(async () => {
  folder = await saveModels();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

for (const host of [chromium, firefox, webkit]) {
  describe.skipIf(!host.path)(
    `<anyformer-classifier> in ${host.title}`,
    { timeout: 60_000 },
    () => {
      let browser: Browser;
      let server: StaticServer;
      let opened: ElementPage;
      let page: Page;
      beforeAll(async () => {
        browser = await host.launch();
      }, 60_000);
      afterAll(() => browser?.close());

      async function open(attributes: Record<string, string>): Promise<void> {
        opened = await openElementPage(browser, folder);
        ({ page, server } = opened);
        await page.evaluate(`put(${JSON.stringify(attributes)})`);
      }
      const close = () => opened.close();
      const shown = () => page.evaluate('shown()') as Promise<Shown>;
      const reach = (state: string) => untilTrue(page, `element.state === '${state}'`);
      const settle = (count: number) =>
        untilTrue(page, `events.filter(({ type }) => type === 'prediction').length >= ${count}`);

      it('loads, and labels what is written with the keyboard alone', async () => {
        await open({ model: 'models/first', label: 'Your review', 'top-k': '2' });
        await reach('ready');
        expect(await shown()).toEqual({
          state: 'ready',
          status: 'Ready. Write something to see its labels.',
          rows: [],
          error: null,
        });
        await page.keyboard.press('Tab');
        await page.keyboard.type('a lovely film');
        // Whoever writes slowly sees what was written so far labelled.
        await untilTrue(page, `events.at(-1).detail.text === 'a lovely film'`);
        expect(await page.evaluate('element.state')).toBe('ready');
        const found = await shown();
        expect(found.rows[0]).toMatch(/^good \d+\.\d\s?%$/);
        expect(found.rows.length).toBe(2);
        // What is seen in the list is heard as one sentence.
        expect(found.status).toMatch(/^good, \d+\.\d\s?%$/);
        const detail = await page.evaluate(`events.at(-1).detail`);
        expect(detail).toMatchObject({
          text: 'a lovely film',
          scores: [{ label: 'good' }, { label: 'bad' }],
        });
        expect(opened.complaints).toEqual([]);
        await close();
      });

      it('tells a screen reader what is what', async () => {
        await open({ model: 'models/first', label: 'Your review', value: 'a boring film' });
        await settle(1);
        expect(
          await page.evaluate(`({
          label: inside('label').textContent,
          labelled: inside('label').control === inside('textarea'),
          described: inside('#' + inside('textarea').getAttribute('aria-describedby')).getAttribute('role'),
          list: inside('ol').getAttribute('role'),
          listName: inside('ol').getAttribute('aria-label'),
          bars: inside('[part=track]').getAttribute('aria-hidden'),
          styled: document.querySelectorAll('style').length + element.shadowRoot.querySelectorAll('style').length,
        })`),
        ).toEqual({
          label: 'Your review',
          labelled: true,
          described: 'status',
          list: 'list',
          listName: 'Labels, the most likely first',
          bars: 'true',
          styled: 0,
        });
        await close();
      });

      it('is not sure below min-score, and asks for a text where there is none', async () => {
        await open({ model: 'models/first', 'min-score': '0.5', value: 'qwzx vbjk' });
        await settle(1);
        const unsure = await shown();
        expect(unsure.status).toBe(
          'Not sure It is unlike the texts that the model has learned from.',
        );
        expect(unsure.rows.map((row) => row.split(' ')[0]).sort()).toEqual(['bad', 'good']);
        expect(await page.evaluate(`inside('.best')`)).toBeNull();
        expect(await page.evaluate(`inside('[role=status]').matches('.heard')`)).toBe(false);
        const first = 'events.at(-1).detail.scores[0]';
        expect(await page.evaluate(first)).toMatchObject({ label: 'unknown', note: 'unfamiliar' });
        await page.evaluate(`element.value = 'a lovely film'; undefined`);
        await settle(2);
        expect((await shown()).rows[0]).toMatch(/^good /);
        await page.evaluate(`element.setAttribute('min-score', '1')`);
        await settle(3);
        expect((await shown()).status).toBe('Not sure No label fits well enough.');
        await page.evaluate(`element.value = ' \\n '; undefined`);
        expect(await shown()).toMatchObject({
          status: 'Ready. Write something to see its labels.',
          rows: [],
        });
        await page.evaluate(`element.value = 'a film'; element.setAttribute('min-score', 'high')`);
        await reach('error');
        expect((await shown()).error).toBe('This text could not be labelled. Try again.');
        expect(await page.evaluate('events.at(-1).detail.error.message')).toMatch(
          /minScore.* 0 to 1/,
        );
        await page.evaluate(`element.setAttribute('min-score', '0')`);
        await reach('ready');
        expect((await shown()).error).toBeNull();
        await close();
      });

      it('shows visitors a sentence, tells the page the details, and tries again', async () => {
        await open({ model: 'models/none' });
        await reach('error');
        const sentence = 'This could not be loaded. Try again.';
        expect((await shown()).error).toBe(sentence);
        expect(
          await page.evaluate(`events.map(({ type, detail }) => [type, detail.error.code])`),
        ).toEqual([['error', 'STORAGE']]);
        expect(await page.evaluate('events[0].detail.error.message')).toMatch(
          /models\/none answered 404 .*must be that of the folder/,
        );
        const own = opened.complaints.filter((text) => text.includes('<anyformer-classifier>'));
        // WebKit's driver tells nothing of the console.
        expect(own.length).toBe(host === webkit ? 0 : 1);
        const before = server.requests.length;
        await page.evaluate(`inside('button').focus()`);
        await page.keyboard.press('Enter');
        await untilTrue(page, 'events.length === 2');
        // The button was gone for a moment: the focus went to the field.
        expect(await page.evaluate('element.shadowRoot.activeElement?.localName')).toBe('textarea');
        expect(server.requests.slice(before)).toContain('/models/none/config.json');
        await page.evaluate(`element.model = 'http://'`);
        await untilTrue(page, 'events.length === 3');
        expect((await shown()).error).toBe(sentence);
        expect(await page.evaluate('events[2].detail.error.message')).toMatch(
          /^model must be the address of a folder/,
        );
        await page.evaluate(`element.model = 'models/first'`);
        await reach('ready');
        expect((await shown()).error).toBeNull();
        await close();
      });

      it('keeps what the latest model and the latest text give, and frees the others', async () => {
        await open({});
        // The first is still on its way.
        await page.evaluate(
          `element.model = 'models/first'; element.model = 'models/second'; element.value = 'a lovely film'`,
        );
        await settle(1);
        expect(await page.evaluate(`events.filter(({ type }) => type === 'load').length`)).toBe(1);
        await page.evaluate(`events.length = 0;
        for (const word of ['lovely', 'dull', 'fine', 'boring']) element.value = 'a ' + word + ' film';
        undefined`);
        await settle(1);
        expect((await shown()).rows[0]).toMatch(/^bad /);
        // What the others gave would have come before this one.
        await page.evaluate(`element.value = 'a lovely film'; undefined`);
        await settle(2);
        const texts = await page.evaluate(`events.map(({ detail }) => detail.text)`);
        expect(texts).toEqual(['a boring film', 'a lovely film']);
        const tensors = `anyformer.createEngine().then((engine) => engine.info().tensors)`;
        const held = (await page.evaluate(tensors)) as number;
        expect(held).toBeGreaterThan(0);
        // Moved, it stays as it is; gone, it holds nothing; back, it loads again.
        await page.evaluate(`document.body.append(document.createElement('main'));
        document.querySelector('main').append(element); undefined`);
        expect(await page.evaluate(tensors)).toBe(held);
        await page.evaluate(`element.remove()`);
        expect(await page.evaluate(tensors)).toBe(0);
        expect((await shown()).state).toBe('idle');
        await page.evaluate(`document.body.append(element)`);
        await reach('ready');
        expect(await page.evaluate(tensors)).toBe(held);
        await close();
      });

      it('takes a classifier that is handed in, and leaves it alive', async () => {
        await open({});
        expect((await shown()).state).toBe('idle');
        const alive = await page.evaluate(`(async () => {
        const own = await anyformer.TextClassifier.load(location.origin + '/models/first');
        element.classifier = own;
        element.value = 'a lovely film';
        await new Promise((resolve) => element.addEventListener('prediction', resolve, { once: true }));
        const isOwn = element.classifier === own;
        element.remove();
        await new Promise((resolve) => setTimeout(resolve));
        const [best] = await own.predict('a dull film');
        own.dispose();
        return { isOwn, best: best.label };
      })()`);
        expect(alive).toEqual({ isOwn: true, best: 'bad' });
        await close();
      });

      // WebKitGTK makes no window as narrow as a phone.
      it.skipIf(host === webkit)('fits a phone and takes its colours from the page', async () => {
        await open({ model: 'models/first', value: 'a lovely film' });
        await settle(1);
        await resizePage(page, 320, 600);
        const look = (await page.evaluate(`(() => {
        document.body.style.color = 'rgb(1, 2, 3)';
        element.style.setProperty('--anyformer-accent', 'rgb(4, 5, 6)');
        const style = (selector) => getComputedStyle(inside(selector));
        return {
          overflow: document.documentElement.scrollWidth - innerWidth,
          text: style('textarea').color,
          bar: style('.best .bar').backgroundColor,
          size: parseFloat(style('textarea').fontSize),
        };
      })()`)) as { overflow: number; text: string; bar: string; size: number };
        expect(look.overflow).toBeLessThanOrEqual(0);
        expect(look).toMatchObject({ text: 'rgb(1, 2, 3)', bar: 'rgb(4, 5, 6)' });
        // Below it, phones zoom into a field that gets the focus.
        expect(look.size).toBeGreaterThanOrEqual(16);
        await close();
      });
    },
  );
}
