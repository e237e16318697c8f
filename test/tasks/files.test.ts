import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync, zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  readExamples,
  readPairs,
  TextClassifier,
  TextGenerator,
  Translator,
} from '../../src/index.ts';
import { FIT_TRANSLATOR, TINY_TRANSLATOR, toyPairs } from './toyPairs.ts';
import { FIT, TINY, toyTexts } from './toyTexts.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const EXAMPLES = toyTexts(32);
const CSV = ['message,class', ...EXAMPLES.map(({ text, label }) => `${text},${label}`)].join('\n');
const TEXT = `${EXAMPLES.map(({ text }) => text).join('\n')}\n`;
const PAIRS = toyPairs(24);
const TSV = ['en\tnumbers', ...PAIRS.map(({ source, target }) => `${source}\t${target}`)].join(
  '\n',
);

let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anyformer-test-'));
  await writeFile(at('mails.csv'), CSV);
  await writeFile(at('bad rows.csv'), `${CSV}\n,cold\na text,\n`);
  await writeFile(at('mails.csv.gz'), gzipSync(bytes(CSV)));
  await writeFile(at('mails.zip'), zipSync({ 'a/mails.csv': bytes(CSV) }));
  await writeFile(at('tales.txt'), TEXT);
  await writeFile(at('pairs.tsv'), TSV);
  await writeFile(at('bad.tsv'), `${TSV}\nno target\t\n`);
});
afterAll(() => rm(folder, { recursive: true }));

const short = { ...FIT, epochs: 1 };

/** The weights that a classifier has after a training. */
async function weightsOf(source: Parameters<TextClassifier['train']>[0], options = {}) {
  using classifier = await TextClassifier.create(TINY);
  const { warnings } = await classifier.train(source, { ...short, ...options });
  const files = new Map<string, Uint8Array>();
  await classifier.save(files);
  return { weights: files.get('model.safetensors')!, warnings };
}

describe('a classifier of a file', () => {
  it('is the same, however the file is given', async () => {
    const { weights } = await weightsOf(EXAMPLES);
    for (const source of [
      at('mails.csv'),
      relative('.', at('mails.csv')),
      pathToFileURL(at('mails.csv')),
      at('mails.csv.gz'),
      at('mails.zip'),
      new File([CSV], 'mails.csv'),
      new File([gzipSync(bytes(CSV))], 'mails.csv.gz'),
      new Blob([CSV], { type: 'text/csv' }),
    ]) {
      const found = await weightsOf(source);
      expect(found.warnings).toEqual([]);
      expect(found.weights).toEqual(weights);
    }
    const odd = new File([CSV], 'mails.data');
    const options = { format: 'csv', textColumn: 'message', labelColumn: 'class' };
    expect((await weightsOf(odd, options)).weights).toEqual(weights);
  });

  it('leaves bad rows out, and says so', async () => {
    const found = await weightsOf(at('bad rows.csv'), { validationData: at('bad rows.csv') });
    const message = `${at('bad rows.csv')}: 2 rows are left out, for they cannot be used. Row 34: message is empty. Row 35: class is empty. Correct or remove them.`;
    const leftOut = found.warnings.filter(({ code }) => code === 'ROWS_LEFT_OUT');
    expect(leftOut).toEqual(Array(2).fill({ code: 'ROWS_LEFT_OUT', message }));
    // The rows are the same on both sides.
    expect(found.warnings.map(({ code }) => code)).toContain('HELD_OUT_REPEATS');
    using classifier = await TextClassifier.create(TINY);
    await classifier.train(EXAMPLES, short);
    const report = await classifier.evaluate(at('bad rows.csv'));
    expect(report.examples).toBe(32);
    expect(report.warnings).toEqual([{ code: 'ROWS_LEFT_OUT', message }]);
    expect((await classifier.evaluate(EXAMPLES)).warnings).toEqual([]);
  });

  it.each([
    ['text,label\na,b\n', {}, 'INVALID_ARGUMENT', /A string is a path .* pass \[\{ text, label \}/],
    ['none.csv', {}, 'STORAGE', /none\.csv could not be read: There is no such file/],
    ['tales.txt', {}, 'INVALID_DATA', /tales\.txt: A txt has texts without labels; pass a csv/],
    ['mails.csv', { labelColumn: 'clas' }, 'INVALID_DATA', /no column 'clas' .* mean 'class'\?/],
    ['mails.csv', { format: 'xls' }, 'INVALID_ARGUMENT', /format 'xls' is not known/],
    ['mails.csv', { textColumn: '' }, 'INVALID_ARGUMENT', /textColumn must be a text that is not/],
    ['mails.csv', { textColum: 'a' }, 'UNKNOWN_OPTION', /did you mean 'textColumn'\?/],
    [EXAMPLES, { textColumn: 'a' }, 'INVALID_ARGUMENT', /textColumn 'a' says how to read a file/],
  ])('refuses what it cannot read, case %#', async (source, options, code, message) => {
    using classifier = await TextClassifier.create(TINY);
    const given = typeof source === 'string' && /^\S+$/.test(source) ? at(source) : source;
    const training = classifier.train(given as never, { ...short, ...options });
    await expect(training).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('stops at the signal before it reads', async () => {
    using classifier = await TextClassifier.create(TINY);
    const signal = AbortSignal.abort();
    const training = classifier.train(at('mails.csv'), { ...short, signal });
    await expect(training).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

describe('a generator of a file', () => {
  const OPTIONS = {
    tokenizer: { type: 'characters' },
    decoder: {
      hiddenSize: 16,
      numHiddenLayers: 1,
      numAttentionHeads: 2,
      maxPositionEmbeddings: 16,
    },
  } as const;

  it('learns from a path as from the text itself, and measures so', async () => {
    using one = await TextGenerator.create(OPTIONS);
    using other = await TextGenerator.create(OPTIONS);
    const options = { maxSteps: 3, batchSize: 4 };
    const ofText = await one.train([TEXT], { ...options, validationData: [TEXT] });
    const ofFile = await other.train(at('tales.txt'), {
      ...options,
      validationData: new File([TEXT], 'tales.txt'),
    });
    expect(ofFile.logHistory).toEqual(ofText.logHistory);
    expect(await other.evaluate(pathToFileURL(at('tales.txt')))).toEqual(
      await one.evaluate([TEXT]),
    );
    const table = await other.evaluate(at('mails.csv'), { textColumn: 'message' });
    expect(table.warnings).toEqual([]);
  });

  it.each([
    [TEXT, /a path or an address; pass \[text\] for the text itself/],
    ['a '.repeat(600), /pass \[text\] for the text itself/],
    ['once upon a time', /There is no such file\. .* pass \[text\] for the text itself/],
  ])('refuses a text that is passed as a path, case %#', async (text, message) => {
    using generator = await TextGenerator.create(OPTIONS);
    await expect(generator.train(text)).rejects.toThrow(message);
  });
});

describe('a translator of a file', () => {
  it('learns from its two columns, and leaves bad rows out', async () => {
    using one = await Translator.create(TINY_TRANSLATOR);
    using other = await Translator.create(TINY_TRANSLATOR);
    const options = { ...FIT_TRANSLATOR, epochs: 1 };
    const ofList = await one.train(PAIRS, options);
    const ofFile = await other.train(at('bad.tsv'), options);
    expect(ofFile.logHistory).toEqual(ofList.logHistory);
    expect(ofFile.warnings).toMatchObject([
      { code: 'ROWS_LEFT_OUT', message: expect.stringMatching(/bad\.tsv: 1 row is left out/) },
    ]);
    const columns = { sourceColumn: 'numbers', targetColumn: 'en' };
    const report = await other.evaluate(new File([TSV], 'pairs.tsv'), columns);
    expect(report.loss).toBeGreaterThan(0);
    await expect(other.evaluate(PAIRS, columns)).rejects.toThrow(/says how to read a file/);
  });
});

describe('readExamples and readPairs', () => {
  it('take files, rows, and text in parts', async () => {
    const wanted = {
      examples: EXAMPLES,
      problems: [],
      columns: { text: 'message', label: 'class' },
    };
    expect(await readExamples(at('mails.csv.gz'))).toEqual(wanted);
    expect(await readExamples(new Blob([CSV], { type: 'text/csv' }))).toEqual(wanted);
    expect(await readExamples(bytes(CSV), { format: 'csv' })).toEqual(wanted);
    expect(await readExamples([CSV], { format: 'csv' })).toEqual(wanted);
    expect(await readExamples(new Blob([CSV]).stream(), { format: 'csv' })).toEqual(wanted);
    const rows = EXAMPLES.map(({ text, label }, n) => ({ n, message: text, class: label }));
    expect(await readExamples(rows)).toEqual(wanted);
    const pairs = { pairs: PAIRS, problems: [], columns: { source: 'en', target: 'numbers' } };
    expect(await readPairs(at('pairs.tsv'))).toEqual(pairs);
    expect(await readPairs([TSV], { format: 'tsv', source: 'en' })).toEqual(pairs);
    const arriving = (async function* () {
      for (const { source, target } of PAIRS) yield { en: source, numbers: target };
    })();
    expect(await readPairs(arriving, { sourceColumn: 'en', targetColumn: 'numbers' })).toEqual(
      pairs,
    );
  });

  it('name the rows that cannot be used', async () => {
    const rows = [{ text: 'a', label: 1 }, { text: 'b' }, 7, { text: '', label: 2 }];
    const { examples, problems } = await readExamples(rows as object[]);
    expect(examples).toEqual([{ text: 'a', label: '1' }]);
    expect(problems.map(({ row }) => row)).toEqual([2, 3, 4]);
  });

  it.each([
    [CSV, {}, 'INVALID_ARGUMENT', /pass \[text\] with \{ format: 'csv' \} for the text itself/],
    [[CSV], {}, 'INVALID_ARGUMENT', /row 1 is 'message,[\s\S]*not an object\..*pass \{ format \}/],
    [[{ a: 1 }], { delimiter: ';' }, 'INVALID_ARGUMENT', /delimiter ';' is for a csv/],
    [7, {}, 'INVALID_ARGUMENT', /takes the path or address of a file, .* received 7/],
    [[], { text: 'a', textColumn: 'b' }, 'INVALID_ARGUMENT', /are the same option; pass one/],
    [[], { txt: 'a' }, 'UNKNOWN_OPTION', /did you mean 'text'\?/],
  ])('refuse what they cannot read, case %#', async (source, options, code, message) => {
    await expect(readExamples(source as never, options as object)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});
