import { readFile, rm } from 'node:fs/promises';
import type { Browser } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../support/builtPackage.ts';
import { chromium, firefox } from '../support/chromium.ts';
import { untilTrue } from '../support/pageState.ts';
import { webkit } from '../support/webkit.ts';
import { type ElementPage, openElementPage, saveModels } from './elementPage.ts';

let folder: string;
beforeAll(async () => {
  folder = await saveModels();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const FORM = `<form id="form"><label for="own">Mail</label><fieldset id="set">
  <anyformer-classifier id="own" name="mail" label-name="topic" model="models/first" required
    required-error="Write a review."></anyformer-classifier></fieldset></form>`;
const TAKE = `addEventListener('DOMContentLoaded', () => { element = document.querySelector('anyformer-classifier'); });`;
const DATA = `JSON.stringify([...new FormData(document.querySelector('#form'))])`;
/** As script-tag pages have it: workers start under it, which Trusted Types forbid. */
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; worker-src 'self'";

for (const host of [chromium, firefox, webkit]) {
  describe.skipIf(!host.path)(
    `<anyformer-classifier> on pages in ${host.title}`,
    { timeout: 60_000 },
    () => {
      let browser: Browser;
      let opened: ElementPage;
      beforeAll(async () => {
        browser = await host.launch();
      }, 60_000);
      afterAll(() => browser?.close());
      const evaluate = (code: string) => opened.page.evaluate(code);
      const until = (code: string) => untilTrue(opened.page, code);

      it('takes part in a form: text, label, validity, reset, disabled', async () => {
        opened = await openElementPage(browser, folder, { body: FORM, program: TAKE });
        await until(`element?.state === 'ready'`);
        expect(await evaluate('element.form.id + element.labels[0].textContent')).toBe('formMail');
        expect(await evaluate('[element.checkValidity(), element.validationMessage]')).toEqual([
          false,
          'Write a review.',
        ]);
        expect(await evaluate('element.form.checkValidity()')).toBe(false);
        // The label is not known yet.
        expect(await evaluate(`(element.value = 'a lovely film', ${DATA})`)).toBe(
          '[["mail","a lovely film"]]',
        );
        await until(`${DATA}.includes('topic')`);
        expect(await evaluate(DATA)).toBe('[["mail","a lovely film"],["topic","good"]]');
        expect(await evaluate('element.reportValidity()')).toBe(true);
        await evaluate(`document.querySelector('#set').disabled = true; undefined`);
        expect(await evaluate(`[${DATA}, inside('textarea').disabled, element.disabled]`)).toEqual([
          '[]',
          true,
          false,
        ]);
        await evaluate(`document.querySelector('#set').disabled = false; element.disabled = true`);
        expect(await evaluate(`[${DATA}, inside('textarea').disabled]`)).toEqual(['[]', true]);
        await evaluate(`element.disabled = false; element.setAttribute('value', 'dull')`);
        expect(await evaluate('element.value')).toBe('a lovely film');
        await evaluate(`element.form.reset()`);
        expect(await evaluate('element.value')).toBe('dull');
        const restore = `element.formStateRestoreCallback('a boring film', 'restore')`;
        expect(await evaluate(`(${restore}, ${DATA})`)).toBe('[["mail","a boring film"]]');
        await evaluate(`element.removeAttribute('name'); element.removeAttribute('label-name')`);
        expect(await evaluate(DATA)).toBe('[]');
        await opened.close();
      });

      it('works where a browser has no ElementInternals', async () => {
        const program = `delete HTMLElement.prototype.attachInternals; ${TAKE}`;
        opened = await openElementPage(browser, folder, { body: FORM, program });
        await until(`element?.state === 'ready'`);
        expect(await evaluate('[element.form, element.labels, element.checkValidity()]')).toEqual([
          null,
          null,
          false,
        ]);
        await evaluate(`element.value = 'a lovely film'; undefined`);
        await until(`shown().rows.length === 2`);
        expect(await evaluate('element.checkValidity()')).toBe(true);
        await evaluate('element.disabled = true');
        expect(await evaluate(`inside('textarea').disabled`)).toBe(true);
        await opened.close();
      });

      it('takes the properties that were set before it was defined', async () => {
        const program = `addEventListener('load', () => {});
          element = document.createElement('anyformer-classifier');
          Object.assign(element, { value: 'a boring film', model: 'models/first', name: 'mail', required: true });
          element.setAttribute('value', 'a lovely film');
          addEventListener('DOMContentLoaded', () => document.body.append(element));`;
        opened = await openElementPage(browser, folder, { program });
        await until(`shown().rows.length === 2`);
        expect(await evaluate('shown().rows[0]')).toMatch(/^bad /);
        expect(
          await evaluate(`[element.value, element.getAttribute('name'), element.hasAttribute('required'),
            Object.keys(element).length]`),
        ).toEqual(['a boring film', 'mail', true, 0]);
        await opened.close();
      });

      it('runs the model in a worker, under a strict policy', async () => {
        opened = await openElementPage(browser, folder, { policy: POLICY });
        await evaluate(`put({ model: 'models/first', worker: '', value: 'a lovely film' })`);
        await until(`shown().rows.length === 2`);
        expect(await evaluate('shown().rows[0]')).toMatch(/^good /);
        expect(opened.server.requests).toContain('/dist/runtime/browserTaskWorker.js');
        expect(
          await evaluate('anyformer.createEngine().then((engine) => engine.info().tensors)'),
        ).toBe(0);
        expect(opened.complaints).toEqual([]);
        await opened.close();
      });

      it('shows its own texts in the words of the page', async () => {
        opened = await openElementPage(browser, folder);
        const words = {
          label: 'Beitrag',
          placeholder: 'Schreiben',
          ready: 'Bereit.',
          'list-label': 'Kategorien',
          'not-sure': 'Unklar',
          unfamiliar: 'Unbekannte Wörter.',
          'low-score': 'Nichts passt.',
          empty: 'Keine Wörter.',
          'predict-error': 'Nicht erkannt.',
          'load-error': 'Nicht geladen.',
          retry: 'Nochmals',
          loading: 'Lädt',
          'required-error': 'Bitte schreiben.',
        };
        await evaluate(`put(${JSON.stringify({ ...words, required: '' })})`);
        const status = `inside('[role=status]').textContent`;
        expect(
          await evaluate(`[inside('label').textContent, inside('textarea').placeholder,
            inside('ol').getAttribute('aria-label'), inside('button').textContent,
            inside('[role=progressbar]').getAttribute('aria-label'), element.validationMessage]`),
        ).toEqual(['Beitrag', 'Schreiben', 'Kategorien', 'Nochmals', 'Lädt', 'Bitte schreiben.']);
        await evaluate(`globalThis.note = 'unfamiliar';
          element.classifier = { predict: async () => {
            if (note === 'fails') throw new Error('broken');
            return [{ label: 'unknown', score: 1, note }, { label: 'good', score: 0.5 }];
          } }; undefined`);
        expect(await evaluate(status)).toBe('Bereit.');
        for (const [note, sentence] of [
          ['unfamiliar', 'Unbekannte Wörter.'],
          ['low-score', 'Nichts passt.'],
          ['empty', 'Keine Wörter.'],
        ]) {
          await evaluate(`note = '${note}'; element.value = 'text'; undefined`);
          await until(`${status} === 'Unklar ${sentence}'`);
        }
        // A text that is shown changes with its attribute.
        await evaluate(`element.setAttribute('not-sure', 'Offen')`);
        expect(await evaluate(status)).toBe('Offen Keine Wörter.');
        await evaluate(`note = 'fails'; element.value = 'text'; undefined`);
        await until(`shown().error === 'Nicht erkannt.'`);
        const loading = `(element.classifier = undefined, element.model = 'models/none', ${status})`;
        expect(await evaluate(loading)).toBe('Lädt');
        await until(`shown().error === 'Nicht geladen.'`);
        await opened.close();
      });

      it('shows its children until it is defined, and when the model cannot be loaded', async () => {
        const body = `<anyformer-classifier model="models/none"><p id="help">Write to us.</p></anyformer-classifier>`;
        const isSeen = `document.querySelector('#help').checkVisibility()`;
        opened = await openElementPage(browser, folder, {
          body,
          program: TAKE,
          missing: ['anyformer.iife.js'],
        });
        expect(await evaluate(isSeen)).toBe(true);
        await opened.close();
        opened = await openElementPage(browser, folder, { body, program: TAKE });
        await until(`element?.state === 'error'`);
        expect(await evaluate(isSeen)).toBe(true);
        await evaluate(`element.model = 'models/first'`);
        expect(await evaluate(isSeen)).toBe(false);
        await until(`element.state === 'ready'`);
        expect(await evaluate(isSeen)).toBe(false);
        await opened.close();
      });
    },
  );
}

describe.skipIf(!chromium.path)(
  `axe finds nothing in ${chromium.title}`,
  { timeout: 120_000 },
  () => {
    it.each([
      ['light', 'background: #fff; color: #1c1d21'],
      ['dark', 'background: #16181d; color: #e8e9ed'],
    ])('in any state, %s', async (scheme, colours) => {
      const axe = await readFile(`${root}node_modules/axe-core/axe.min.js`, 'utf8');
      const browser = await chromium.launch();
      const opened = await openElementPage(browser, folder, {
        policy: undefined,
        body: `<style>:root { color-scheme: ${scheme}; font: 16px system-ui, sans-serif }
        body { margin: 24px; ${colours} }</style><main><h1>Reviews</h1></main>`,
      });
      const { page } = opened;
      await page.setViewport({ width: 520, height: 420 });
      const evaluate = (code: string) => page.evaluate(code);
      await evaluate(axe);
      const check = async (name: string) => {
        const found = await evaluate(
          `axe.run(document, { rules: { region: { enabled: true } } }).then(({ violations, passes }) => ({
          violations: violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join()),
          contrast: passes.some(({ id }) => id === 'color-contrast') }))`,
        );
        expect(found, name).toEqual({ violations: [], contrast: true });
        const { SCREENSHOTS } = process.env;
        if (SCREENSHOTS) await page.screenshot({ path: `${SCREENSHOTS}/${scheme}-${name}.png` });
      };
      await evaluate(`put({ label: 'Your review', placeholder: 'A lovely film', 'min-score': '0.5' });
      document.querySelector('main').append(element,
        Object.assign(document.createElement('p'), { textContent: 'Made with anyformer.' }));
      element.append(Object.assign(document.createElement('p'), { textContent: 'You can also write to help@shop.example.' }));
      undefined`);
      await check('idle');
      // It has not loaded before the fetch is let go.
      await evaluate(`const fetchNow = fetch; const held = new Promise((resolve) => { globalThis.letGo = resolve; });
      globalThis.fetch = async (...request) => { await held; return fetchNow(...request); };
      element.model = 'models/first'; undefined`);
      expect(await evaluate('element.state')).toBe('loading');
      await check('loading');
      await evaluate('letGo()');
      await untilTrue(page, `element.state === 'ready'`);
      await check('ready');
      await evaluate(`element.value = 'a lovely film'; undefined`);
      await untilTrue(page, `shown().rows.length === 2`);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await check('scores');
      await evaluate('element.disabled = true');
      await check('disabled');
      await evaluate(`element.disabled = false; element.value = 'qwzx vbjk'; undefined`);
      await untilTrue(page, `shown().status.startsWith('Not sure')`);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await check('not-sure');
      await evaluate(`element.value = 'a film'; element.setAttribute('min-score', 'high')`);
      await untilTrue(page, `element.state === 'error'`);
      await check('predict-error');
      await evaluate(`element.model = 'models/none'`);
      await untilTrue(page, `element.state === 'error'`);
      await check('load-error');
      await browser.close();
      await opened.server.close();
    });
  },
);
