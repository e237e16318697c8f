import { describe, expect, it } from 'vitest';
import { longTasks } from '../support/longTasks.ts';
import { chromium, inChromium, toCsv, useTrainingPage } from './trainingPage.ts';

const latin1 = (text: string) => Uint8Array.from(text, (sign) => sign.charCodeAt(0));

describe.skipIf(!chromium)(`the examples of the page, ${inChromium}`, { timeout: 120_000 }, () => {
  const site = useTrainingPage();

  it('are edited row by row, counted, and there again after a reload', async () => {
    await site.paste('text,label\nfine film,good\ndull film,bad');
    await site.waitFor('data-status', /^2 sentences with 2 labels\.$/);
    await site.page.click('#add-row');
    await site.page.keyboard.type('quiet film');
    await site.page.keyboard.press('Tab');
    await site.page.keyboard.type('calm');
    await site.waitFor('data-status', /^3 sentences with 3 labels\.$/);
    expect(await site.text('labels')).toBe('calm1good1bad1');
    await site.write('#rows-body tr:nth-child(2) textarea', 'fine, fine film');
    await site.write('#rows-body tr:nth-child(2) input', 'calm');
    await site.waitFor('labels', /^calm2bad1$/);
    await site.page.click('#rows-body tr:nth-child(3) .remove');
    await site.waitFor('labels', /^calm2$/);
    expect(await site.page.evaluate(() => document.activeElement?.ariaLabel)).toBe(
      'Delete sentence 2',
    );
    await site.page.click('#undo');
    const rows = [
      ['quiet film', 'calm'],
      ['fine, fine film', 'calm'],
      ['dull film', 'bad'],
    ];
    expect(await site.rows()).toEqual(rows);
    await new Promise((resolve) => setTimeout(resolve, 400));
    await site.open();
    expect(await site.rows()).toEqual(rows);
  });

  it('of one label, of one column and without rows are explained, and what to do', async () => {
    await site.paste('text,label\nfine film,good\nlovely film,good');
    await site.waitFor('advice', /the same label, “good”, .*Add sentences with a second label\.$/);
    expect(await site.control('train')).toMatchObject({ isDisabled: true });
    expect(await site.text('training-status')).toMatch(/needs a second label first/);
    await site.paste('fine film, they say\nlovely film\na film');
    await site.waitFor('advice', /have no labels\. Write a label beside each one/);
    expect(await site.text('data-status')).toBe('3 sentences, no labels yet.');
    for (const [line, label] of ['good', 'good', 'bad'].entries()) {
      await site.write(`#rows-body tr:nth-child(${line + 1}) input`, label);
    }
    await site.waitFor('data-status', /^3 sentences with 2 labels\.$/);
    expect(await site.control('train')).toMatchObject({ isDisabled: false });
    await site.page.click('#clear');
    await site.waitFor('training-status', /^It needs examples with labels first\.$/);
    await site.page.click('#sample');
    await site.waitFor('data-status', /^160 sentences with 4 labels\.$/);
    expect(await site.page.evaluate(() => document.activeElement?.id)).toBe('train');
  });

  it('come from files in old encodings, which is said, and not from files that are no text', async () => {
    // 0x93 and 0x94 are quotation marks in Windows-1252.
    await site.openFile('old.csv', latin1('text,label\n\x93Caf\xe9\x94 zu,auf\nStra\xdfe,ab\n'));
    await site.waitFor('data-status', /^2 sentences with 2 labels\.$/);
    expect(await site.rows()).toEqual([
      ['“Café” zu', 'auf'],
      ['Straße', 'ab'],
    ]);
    expect(await site.text('advice')).toMatch(/read as Windows-1252/);
    const wide = Buffer.from('\ufefftext\tlabel\nGrüße\thallo\nWiedersehen\ttschüss\n', 'utf16le');
    await site.openFile('wide.tsv', wide);
    await site.waitFor('labels', /^hallo1tschüss1$/);
    await site.openFile('book.xlsx', Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0, 6, 0, 8, 0));
    await site.waitFor('data-status', /looks like a spreadsheet.*Your sentences are as they were/);
    expect(await site.page.$eval('#data-status', (e) => e.className)).toContain('bad');
    expect((await site.rows())[0]).toEqual(['Grüße', 'hallo']);
  });

  it('of a table with more columns can be taken from others', async () => {
    await site.paste('id,body,stars,shop\n1,fine film,5,a\n2,dull film,1,b\n');
    await site.waitFor('labels', /^5115$|^5111$|^5 ?1/);
    expect(await site.control('columns')).toMatchObject({ isVisible: true });
    await site.page.select('#label-column', '3');
    await site.waitFor('labels', /^a1b1$/);
  });

  it('are dropped anywhere on the page', async () => {
    await site.page.evaluate(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(['text,label\na,x\nb,y\n'], 'rows.csv'));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true }));
    });
    await site.waitFor('labels', /^x1y1$/);
  });

  it('can be many: no task of 50 ms while 50,000 rows are read, shown, edited and kept', async () => {
    const csv = toCsv(50_000);
    const tasks = await longTasks(site.page, async () => {
      await site.openFile('many.csv', csv);
      await site.waitFor('data-status', /^50,000 sentences with 2 labels\.$/);
      expect(await site.rows()).toHaveLength(25);
      await site.page.click('#page-after');
      await site.page.type('#rows-body tr:nth-child(3) input', 'x');
      await site.waitFor('labels', /x1$/);
      await new Promise((resolve) => setTimeout(resolve, 500));
    });
    expect(await site.text('page-status')).toBe('26 to 50 of 50,000');
    expect(tasks).toEqual([]);
  });
});
