import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { MemoryStorage, TextClassifier, ZipStorage } from '../../src/index.ts';
import { chromium, inChromium, toCsv, useTrainingPage } from './trainingPage.ts';

/** Of the toy reviews a few whose label is wrong. */
const withWrongLabels = () => {
  const [header, ...rows] = toCsv(120).split('\n');
  const turned = (row: string) =>
    row.endsWith('good') ? row.replace(/good$/, 'bad') : row.replace(/bad$/, 'good');
  return [header, ...rows.map((row, n) => (n % 40 === 7 ? turned(row) : row))].join('\n');
};

describe.skipIf(!chromium)(`the model of the page, ${inChromium}`, { timeout: 120_000 }, () => {
  const site = useTrainingPage();

  it('shows which words mattered, by leaving each out', async () => {
    await site.train(toCsv(120));
    await site.done();
    await site.page.type('#sentence', 'this film was awful');
    await site.waitFor('try-status', /^bad, \d\d % sure\.$/);
    await site.waitFor('words-status', /^Without “awful”.*less sure of “bad”\.$/);
    const marked = await site.page.$$eval('#words mark.strong', (marks) =>
      marks.map((mark) => mark.textContent),
    );
    expect(marked).toEqual(['awful']);
    expect(await site.text('words')).toBe('this film was awful');
  });

  it('shows what is taken for what, the sentences of a number, and the worst mistakes to correct', async () => {
    await site.train(withWrongLabels());
    await site.done();
    const numbers = await site.page.$$eval('#matrix td:not(:empty)', (cells) =>
      cells.map((cell) => Number(cell.textContent)),
    );
    expect(numbers).toHaveLength(4);
    expect(numbers.reduce((sum, count) => sum + count, 0)).toBe(120);
    const mistakes = await site.page.$$eval('#mistakes li', (items) => items.length);
    expect(mistakes).toBeGreaterThanOrEqual(3);
    await site.page.click('#matrix .wrong button');
    const [title, listed] = await site.page.$eval('#cell', (cell) => [
      cell.querySelector('h4')!.textContent,
      cell.querySelectorAll('li').length,
    ]);
    expect(title).toMatch(/^“(good|bad)”, taken for “(good|bad)”$/);
    expect([numbers[1], numbers[2]]).toContain(listed);

    const sentence = await site.page.$eval('#mistakes li p', (text) => text.textContent!);
    const button = '#mistakes li:first-child button';
    const answer = /“(.*)”/.exec(await site.page.$eval(button, (b) => b.textContent!))![1];
    const [first] = /labels?.*/.exec(await site.text('labels')) ?? [await site.text('labels')];
    await site.page.click(button);
    await site.waitFor('mistakes-status', new RegExp(`now labelled “${answer}”`));
    expect(await site.page.$eval(button, (b) => b.textContent)).toMatch(/^Back to “/);
    expect(await site.text('labels')).not.toBe(first);
    expect((await site.control('stale')).isVisible).toBe(true);
    // The list stays, so that the next one can be corrected.
    expect(await site.page.$eval('#mistakes li p', (text) => text.textContent)).toBe(sentence);
  });

  it('is corrected by an answer, and trains on with it', async () => {
    await site.train(toCsv(120));
    await site.done();
    await site.page.type('#sentence', 'awful awful zeppelin');
    await site.waitFor('try-status', /^bad, /);
    await site.page.type('#right-label', 'good');
    await site.page.keyboard.press('Enter');
    await site.waitFor('correction-status', /^Added as an example of “good”\.$/);
    expect(await site.text('data-status')).toBe('121 sentences with 2 labels.');
    expect((await site.rows())[0]).toEqual(['awful awful zeppelin', 'good']);
    expect(await site.page.evaluate(() => document.activeElement?.id)).toBe('train-on');
    await site.page.keyboard.press('Enter');
    await site.waitFor('training-status', /^Done\. It has learned from 121 sentences\.$/);
    await site.waitFor('try-status', /^good, /);
    expect(await site.text('verdict')).toMatch(/learned your new examples/);
    await site.write('#sentence', 'an awful film');
    await site.page.keyboard.type(' ');
    await site.waitFor('try-status', /^bad, /);
    // A label that the model does not know takes a new training.
    await site.page.type('#right-label', 'odd');
    await site.page.keyboard.press('Enter');
    await site.waitFor('correction-status', /new label “odd”.*train again from the start\.$/);
    expect((await site.control('train-on')).isVisible).toBe(false);
  });

  it('goes to a zip that the library opens, and that the page takes back', async () => {
    await site.train(toCsv(120));
    await site.done();
    const zip = await site.download('#download');
    const classifier = await TextClassifier.load(new ZipStorage(zip));
    expect((await classifier.predict('an awful film'))[0]).toMatchObject({ label: 'bad' });
    classifier.dispose();
    await site.page.evaluate(() => indexedDB.deleteDatabase('keyval-store'));
    await site.open();
    expect(await site.control('download')).toMatchObject({ isDisabled: true });
    await site.choose('#model-file', 'classifier.zip', zip);
    await site.waitFor('take-status', /^“classifier\.zip” is open\.$/);
    await site.page.type('#sentence', 'an awful film');
    await site.waitFor('try-status', /^bad, /);
    await site.choose('#model-file', 'other.zip', 'not a zip file');
    await site.waitFor(
      'take-status',
      /^This file is not a model from this page, or it is damaged\./,
    );
    await site.waitFor('try-status', /^bad, /);
  });

  it('goes to one web page that answers by itself from a disk', async () => {
    await site.train(toCsv(120));
    await site.done();
    const path = join(site.folder, 'classifier.html');
    await writeFile(path, await site.download('#download-html'));
    const context = await site.browser.createBrowserContext();
    const alone = await context.newPage();
    const asked: string[] = [];
    const problems: string[] = [];
    alone.on('request', (request) => asked.push(request.url().slice(0, 60)));
    alone.on('pageerror', (error) => problems.push(String(error)));
    const address = String(pathToFileURL(path));
    await alone.goto(address);
    await alone.waitForSelector('anyformer-classifier:not([hidden])');
    const answer = () =>
      alone.$eval('anyformer-classifier', (element) => element.shadowRoot!.textContent ?? '');
    await alone.keyboard.type('an awful film');
    await alone.waitForFunction(() =>
      /9\d/.test(document.querySelector('anyformer-classifier')!.shadowRoot!.textContent ?? ''),
    );
    expect(await answer()).toContain('bad');
    expect(await alone.$eval('h1 + p', (line) => line.textContent)).toMatch(
      /tell apart: bad, good\./,
    );
    expect(asked.filter((url) => !/^(data|blob):/.test(url))).toEqual([address.slice(0, 60)]);
    expect(problems).toEqual([]);
    await context.close();
  });

  it('has the answers of the library: a model that was saved here predicts the same there', async () => {
    await site.train(toCsv(120));
    await site.done();
    await site.page.type('#sentence', 'a great film');
    await site.waitFor('try-status', /^good, (\d+) % sure/);
    const [, shown] = /(\d+) % sure/.exec(await site.text('try-status'))!;
    const files = new Map<string, Uint8Array>();
    const zip = new ZipStorage(await site.download('#download'));
    for (const name of await zip.list()) files.set(name, await zip.read(name));
    const classifier = await TextClassifier.load(new MemoryStorage(files));
    const [best] = await classifier.predict('a great film');
    expect(Math.min(99, Math.round(100 * best!.score))).toBe(Number(shown));
    classifier.dispose();
  });
});
