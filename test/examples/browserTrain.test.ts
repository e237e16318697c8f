import { describe, expect, it } from 'vitest';
import { longTasks } from '../support/longTasks.ts';
import { chromium, inChromium, toCsv, useTrainingPage } from './trainingPage.ts';

/** What no message for a person has: codes, option names, classes. */
const API_WORDS = /[A-Z]+_[A-Z]+|\b[a-z]+[A-Z]\w+|Error\b|validationSplit|undefined|NaN/;

describe.skipIf(!chromium)(`the page that trains, ${inChromium}`, { timeout: 120_000 }, () => {
  const site = useTrainingPage();

  it('trains on the sample with the first click, and labels a sentence that it has not seen', async () => {
    expect(await site.text('data-status')).toBe('160 sentences with 4 labels.');
    await site.page.click('#train');
    await site.waitFor('training-status', /^Training: round \d+, at most \d+ seconds? left\.$/);
    await site.done();
    expect(await site.text('verdict')).toMatch(
      /^Of \d+ sentences it had not seen, \d+ were right\. Always answering “\w+” would get \d+\.$/,
    );
    expect(await site.text('likely')).toMatch(
      /^Of 100 new sentences of the same kind, expect \d\d to \d\d to be right\.$/,
    );
    expect(await site.steps()).toBeGreaterThan(20);
    expect((await site.control('warnings')).isVisible).toBe(false);
    // A first sentence is there already.
    await site.waitFor('try-status', /^delivery, \d\d % sure\.$/);
    await site.write('#sentence', 'You took the money for my plan two times');
    await site.waitFor('try-status', /^billing, \d\d % sure\.$/);
    expect(await site.words()).not.toMatch(API_WORDS);
  });

  it('is not sure of what it does not know, and asks for a sentence where there is none', async () => {
    await site.train(toCsv(120));
    await site.done();
    expect(await site.text('curves-note')).toMatch(/no curve to draw/);
    await site.waitFor('try-status', /^Write something/);
    await site.page.type('#sentence', 'qwzx vbjk');
    await site.waitFor('try-status', /^Not sure: it looks like nothing in your examples\.$/);
    expect(await site.text('scores')).not.toContain('unknown');
  });

  it('warns in plain words where there is too little to learn from', async () => {
    await site.train(toCsv(12));
    await site.done();
    expect(await site.text('warnings')).toMatch(
      /^There are only 12 sentences\. Add more: about 20 for each label are a good start\./,
    );
    expect(await site.words()).not.toMatch(API_WORDS);
  });

  it('brings rows, model and result back after a reload', async () => {
    await site.train(toCsv(120));
    await site.done();
    const verdict = await site.text('verdict');
    const rows = await site.rows();
    await site.open();
    await site.waitFor('training-status', /^The model of your last visit is still here\.$/);
    expect(await site.text('verdict')).toBe(verdict);
    expect(await site.rows()).toEqual(rows);
    await site.page.type('#sentence', 'an awful film');
    await site.waitFor('try-status', /^bad, /);
    expect((await site.control('closer')).isVisible).toBe(true);
  });

  it('clears what is shown of other examples, and of those that were edited says so', async () => {
    await site.train(toCsv(120));
    await site.done();
    await site.page.click('#rows-body .remove');
    await site.waitFor('data-status', /^119 /);
    expect((await site.control('stale')).isVisible).toBe(true);
    expect((await site.control('try-stale')).isVisible).toBe(false);
    await site.page.click('#undo');
    await site.waitFor('data-status', /^120 /);
    expect((await site.control('stale')).isVisible).toBe(false);
    await site.paste('text,label\nA cat,animal\nA rose,plant');
    await site.waitFor('data-status', /^2 sentences/);
    expect(await site.text('verdict')).toBe('');
    expect((await site.control('closer')).isVisible).toBe(false);
    expect((await site.control('try-stale')).isVisible).toBe(true);
    // Another training takes all of it away.
    await site.page.click('#train');
    await site.done();
    expect(await site.text('labels')).toBe('animal1plant1');
    expect((await site.control('try-stale')).isVisible).toBe(false);
  });

  it('trains a Transformer where its rounds are set, and none where it is left to the page', async () => {
    const chosen = () =>
      site.page.$eval('[name=model]:checked', (radio) => (radio as HTMLInputElement).value);
    expect(await chosen()).toBe('auto');
    await site.train(toCsv(240), 12);
    expect(await chosen()).toBe('small');
    await site.waitFor('training-status', /^Training: round \d+ of 12, about \d+ seconds? left\./);
    await site.done();
    expect(await site.text('method')).toBe('They were kept apart while it learned.');
    expect(await site.text('choice')).toBe('The model is a Transformer.');
    const curve = await site.page.$eval('#loss-curve', (element) => element.ariaLabel ?? '');
    const [, first, last] = /from ([\d.]+) to ([\d.]+)/.exec(curve)!;
    expect(Number(last)).toBeLessThan(Number(first) / 2);
    await site.page.$eval('[name=model][value=auto]', (radio) =>
      (radio as HTMLInputElement).click(),
    );
    expect((await site.control('epochs')).value).toBe('');
  });

  it('stops, and goes on after a reload to the very weights of a training without a stop', async () => {
    await site.train(toCsv(800), 4);
    await site.done();
    const whole = await site.weights();

    await site.page.click('#train');
    await site.waitForSteps(20);
    await site.page.click('#train');
    await site.waitFor('training-status', /^Stopped after step \d+\. Resume goes on from there\.$/);
    const stopped = /step (\d+)/.exec(await site.text('training-status'))![1];
    await site.open();
    await site.waitFor('train', /^Resume$/);
    expect(await site.text('training-status')).toContain(`stopped at step ${stopped}.`);
    await site.page.click('#train');
    await site.done();
    expect(Buffer.compare(await site.weights(), whole)).toBe(0);
  });

  it('resumes what it chooses itself, to the same answer', async () => {
    await site.train(toCsv(600));
    await site.done();
    const whole = await site.weights();
    const verdict = await site.text('verdict');
    await site.page.click('#train');
    await site.waitForSteps(20);
    await site.page.click('#train');
    await site.waitFor('training-status', /^Stopped after step \d+\./);
    await site.page.click('#train');
    await site.done();
    expect(Buffer.compare(await site.weights(), whole)).toBe(0);
    expect(await site.text('verdict')).toBe(verdict);
  });

  it('has no task of 50 ms and moves nothing while it trains', async () => {
    // Long texts: on the page's own thread, each step would be a long task.
    await site.page.setViewport({ width: 1280, height: 800 });
    await site.prepare(toCsv(400, 12), 1);
    await site.page.$eval('[name=model][value=medium]', (radio) =>
      (radio as HTMLInputElement).click(),
    );
    await site.page.evaluate(() => {
      const seen = { shift: 0 };
      Object.assign(globalThis, { seen });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) seen.shift += (entry as LayoutShift).value;
      }).observe({ type: 'layout-shift' });
    });
    const tasks = await longTasks(site.page, async () => {
      await site.page.click('#train');
      await site.done();
    });
    expect(tasks).toEqual([]);
    expect(await site.page.evaluate('seen.shift')).toBeLessThan(0.01);
  });

  it('trains on while another tab is in front, where a checkpoint cannot be kept either', async () => {
    await site.prepare(toCsv(1200), 12);
    // Chromium asks for the quota at the first write only, which was that of the rows.
    await site.page.evaluate(() => {
      const { put } = IDBObjectStore.prototype;
      Object.assign(globalThis, { put });
      IDBObjectStore.prototype.put = () => {
        throw new DOMException('no room', 'QuotaExceededError');
      };
    });
    await site.page.click('#train');
    const lost = 'gone after a reload: the browser has no room left for this page\\.';
    await site.waitFor('training-status', new RegExp(`^Training: .*${lost}`));
    const before = await site.steps();
    const other = await site.page.browserContext().newPage();
    await other.bringToFront();
    expect(await site.page.evaluate(() => document.visibilityState)).toBe('hidden');
    await site.waitForSteps(before + 20);
    await site.page.bringToFront();
    await site.page.click('#train');
    await site.waitFor('training-status', new RegExp(`^Stopped after step \\d+\\..*${lost}`));
    await site.page.evaluate(() => {
      const { put } = globalThis as unknown as { put: IDBObjectStore['put'] };
      IDBObjectStore.prototype.put = put;
    });
    await site.page.click('#train');
    await site.waitFor('training-status', /^Done\. It has learned from 1,200 sentences\.$/);
  });
});

interface LayoutShift extends PerformanceEntry {
  readonly value: number;
}
