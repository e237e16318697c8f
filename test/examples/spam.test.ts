import { describe, expect, it } from 'vitest';
import { toyReviews, useExample } from './runExample.ts';

const example = useExample('examples/spam/main.mjs');
const reviews = toyReviews(240);
const columns = ['--text', 'body', '--label', 'stars'];

const toCsv = (rows: typeof reviews) =>
  ['id,body,stars', ...rows.map(({ text, label }, n) => `${n},"${text}",${label}`)].join('\n');
const toJsonl = (rows: typeof reviews) =>
  rows.map(({ text, label }) => JSON.stringify({ body: text, stars: label })).join('\n');

/** The number in the row of the printed table that begins with `name`. */
function inTable(stdout: string, name: string): number {
  const found = new RegExp(`^ +${name} +([\\d.]+)`, 'm').exec(stdout);
  expect(found, name).not.toBeNull();
  return Number(found![1]);
}

function expectReport(stdout: string): void {
  expect(inTable(stdout, 'accuracy')).toBeGreaterThanOrEqual(90);
  expect(inTable(stdout, 'balanced accuracy')).toBeGreaterThanOrEqual(90);
  expect(inTable(stdout, 'F1 \\(good\\)')).toBeGreaterThanOrEqual(0.9);
  expect(inTable(stdout, 'loss')).toBeLessThan(0.4);
  // The confusion of 24 reviews that are tested on, mostly on the diagonal.
  const [bad, good] = ['bad', 'good'].map((label) => {
    const row = new RegExp(`^ +${label} +(\\d+) +(\\d+)$`, 'm').exec(stdout);
    return [Number(row?.[1]), Number(row?.[2])] as const;
  });
  expect(bad![0] + bad![1] + good![0] + good![1]).toBe(24);
  expect(bad![0] + good![1]).toBeGreaterThanOrEqual(22);
  // Three texts of their own, each with a label and its score.
  const fresh = /On fresh text:\n((?: .*\n)+)/.exec(stdout)![1]!.trimEnd().split('\n');
  expect(fresh).toHaveLength(3);
  for (const line of fresh) expect(line).toMatch(/^ {2}(good|bad) +\d+\.\d % {2}\S/);
}

describe('the spam example, on a file of the user', () => {
  it('trains on a csv, measures, predicts, saves, and says where', async () => {
    await example.write('reviews.csv', toCsv(reviews));
    const { code, stdout, stderr } = await example.run('--data', 'reviews.csv', ...columns);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('240 examples from reviews.csv: 216 to learn from, 24 to test on');
    expect(stdout).not.toContain('cannot be used');
    expect(stdout).toMatch(
      /^In training, by 10-fold cross-validation of 216 rows: accuracy [\d.]+ % \([\d.]+ % to [\d.]+ %\)\n {2}always '(good|bad)' 5\d\.\d %$/m,
    );
    expect(stdout).toMatch(/^Chosen: ngrams/m);
    expectReport(stdout);
    expect(stdout).toContain('Saved to models/reviews and loaded again: it predicts the same.');
    expect(await example.list('models/reviews')).toEqual(
      expect.arrayContaining(['config.json', 'model.safetensors']),
    );
  });

  it('trains a Transformer alone where its epochs or length are set', async () => {
    await example.write('reviews.csv', toCsv(reviews));
    const { code, stdout } = await example.run(
      ...['--data', 'reviews.csv', ...columns, '--max-length', '16', '--epochs', '2'],
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Chosen: transformer; as asked$/m);
    expect(stdout).toMatch(/^ {2}n-gram model [\d.]+ %$/m);
    expect((await example.list('models/reviews')).sort()).toEqual(
      expect.arrayContaining(['tokenizer.json', 'tokenizer_config.json']),
    );
  });

  it('warns of data that is too little to learn from', async () => {
    await example.write('few.csv', toCsv(reviews.slice(0, 14)));
    const { code, stderr } = await example.run('--data', 'few.csv', ...columns);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^Warning: The data has \d+ rows in all/m);
  });

  it('trains on JSON lines, into the folder asked for', async () => {
    await example.write('reviews.jsonl', toJsonl(reviews));
    const { code, stdout } = await example.run(
      ...['--data', 'reviews.jsonl', '--output', 'mine', ...columns],
    );
    expect(code).toBe(0);
    expectReport(stdout);
    expect(stdout).toContain('Saved to mine and loaded again: it predicts the same.');
    expect(await example.list('mine')).toContain('model.safetensors');
  });

  it('counts and names bad rows of a csv, and trains on the others', async () => {
    const bad = ['240,"nothing follows"', '241,"",good', '242,"no label",', '243'];
    await example.write('some-bad.csv', `${toCsv(reviews)}\n${bad.join('\n')}\n`);
    const { code, stdout } = await example.run('--data', 'some-bad.csv', ...columns);
    expect(code).toBe(0);
    expect(stdout).toContain(
      [
        '4 rows of some-bad.csv cannot be used and are left out:',
        '  row 242: it has 2 fields, the header 3',
        '  row 243: body is empty',
        '  row 244: stars is empty',
        '  row 245: it has 1 field, the header 3',
        '',
        '240 examples from some-bad.csv: 216 to learn from, 24 to test on',
      ].join('\n'),
    );
    expectReport(stdout);
  });

  it('counts and names bad rows of JSON lines, the first ten of them', async () => {
    const bad = ['{"body": "torn', '{"body": "no label"}', '{"body": " ", "stars": "good"}', '[1]'];
    const more = Array.from({ length: 8 }, () => '{"body": null, "stars": "bad"}');
    await example.write('some-bad.jsonl', [...bad, ...more, toJsonl(reviews)].join('\n'));
    const { code, stdout } = await example.run('--data', 'some-bad.jsonl', ...columns);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^12 rows of some-bad\.jsonl cannot be used and are left out:$/m);
    expect(stdout).toMatch(/^ {2}row 1: it is not JSON \(.+\)$/m);
    expect(stdout).toMatch(/^ {2}row 2: stars must be a text, is undefined$/m);
    expect(stdout).toMatch(/^ {2}row 3: body is empty$/m);
    expect(stdout).toMatch(/^ {2}row 4: it must be an object, is \[1\]$/m);
    expect(stdout).toMatch(/^ {2}row 10: body must be a text, is null\n {2}… and 2 more$/m);
    expect(stdout).toContain('240 examples from some-bad.jsonl: 216 to learn from, 24 to test on');
  });
});

describe('the spam example refuses', () => {
  it('a file that is not there', () =>
    example.expectRefusal(
      ['--data', 'nowhere.csv', ...columns],
      /nowhere\.csv could not be read: There is no such file\. Check the path/,
    ));

  it('a column that is not there', async () => {
    await example.write('reviews.csv', toCsv(reviews));
    await example.expectRefusal(
      ['--data', 'reviews.csv', '--text', 'boddy', '--label', 'stars'],
      "There is no column 'boddy' for the text; there are 'id', 'body', 'stars'. Did you mean 'body'?",
    );
  });

  it('a file of another kind', async () => {
    await example.write('reviews.xlsx', 'PK');
    await example.expectRefusal(
      ['--data', 'reviews.xlsx', ...columns],
      "format 'xlsx' is not known; known are csv, tsv, jsonl, ndjson, json, txt.",
    );
  });

  it('a flag that is not known', () =>
    example.expectRefusal(
      ['--dat', 'reviews.csv'],
      "Unknown option '--dat'",
      'Known are --data, --text, --label, --output, --epochs, --max-length, --seed.',
      'Usage: npm start -- ',
    ));

  it('a number that is none', () =>
    example.expectRefusal(
      ['--epochs', 'many'],
      "--epochs must be a whole number from 1 on, received 'many'.",
    ));

  it('columns without a file', () =>
    example.expectRefusal(['--text', 'body'], 'of your own file: pass it with --data.'));

  it('labels that are all the same', async () => {
    await example.write('one.csv', toCsv(reviews.filter(({ label }) => label === 'good')));
    await example.expectRefusal(
      ['--data', 'one.csv', ...columns],
      "the 108 examples have only the label 'good'; a classifier needs at least two different ones",
    );
  });

  it('a file without a usable row', async () => {
    await example.write('empty.csv', 'id,body,stars\n1,,good\n2,,bad\n');
    await example.expectRefusal(
      ['--data', 'empty.csv', ...columns],
      'None of the 2 rows can be used; row 2: body is empty.',
    );
  });

  it('an output folder that is a file', async () => {
    await example.write('few.csv', toCsv(reviews.slice(0, 40)));
    await example.write('taken', '');
    await example.expectRefusal(
      ['--data', 'few.csv', '--output', 'taken', ...columns],
      /Cannot create .*taken \(EEXIST\)\. A file of that name is in the way: choose another path\./,
    );
  });
});
