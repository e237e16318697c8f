import { describe, expect, it } from 'vitest';
import { parseExamples } from '../../src/data/parseExamples.ts';
import { parsePairs } from '../../src/data/parsePairs.ts';
import { parseTexts } from '../../src/data/parseTexts.ts';

/** A csv with a row for each text; the other columns are functions of its number. */
function csv(header: string, count: number, row: (n: number) => readonly (string | number)[]) {
  return [header, ...Array.from({ length: count }, (_, n) => row(n).join(','))].join('\n');
}

const text = (n: number) => `Text number ${n} of them`;
const label = (n: number) => (n % 2 ? 'good' : 'bad');
const columnsOf = async (source: string, asked = {}) =>
  (await parseExamples(source, { format: 'csv', ...asked })).columns;

describe('the columns of examples', () => {
  it.each([
    ['text,label', 'text', 'label'],
    // The exact names go before others, wherever they stand.
    ['review,sentiment,text,label', 'text', 'label'],
    ['Review,Sentiment', 'Review', 'Sentiment'],
    ['id,Tweets,CLASS', 'Tweets', 'CLASS'],
    ['label,title,body', 'body', 'label'],
    ['category,question,category_id', 'question', 'category'],
  ])('are known by their names: %s', async (header, wantedText, wantedLabel) => {
    const count = header.split(',').length;
    const found = await columnsOf(csv(header, 6, (n) => Array(count).fill(`value ${n % 3}`)));
    expect(found).toEqual({ text: wantedText, label: wantedLabel });
  });

  it.each([
    ['v1,v2', (n: number) => [label(n), text(n)], { text: 'v2', label: 'v1' }],
    ['v1,v2', (n: number) => [text(n), label(n)], { text: 'v1', label: 'v2' }],
    // The number of a row is no label; neither is what is the same everywhere.
    ['n,a,b,c', (n: number) => [n, label(n), 'web', text(n)], { text: 'c', label: 'a' }],
    // One of them by its name, the other by what is in it.
    ['text,mark', (n: number) => [text(n), n % 3], { text: 'text', label: 'mark' }],
    ['id,words,label', (n: number) => [n, text(n), label(n)], { text: 'words', label: 'label' }],
  ] as const)('are found by what is in them: %s', async (header, row, columns) => {
    expect(await columnsOf(csv(header, 40, row as never))).toEqual(columns);
  });

  it('are found in a table that is sorted by its labels, and loses no row', async () => {
    const source = csv('a,b,c', 500, (n) => [n < 300 ? 'x' : 'y', 'same', text(n)]);
    const { examples, columns } = await parseExamples(source, { format: 'csv' });
    expect(columns).toEqual({ text: 'c', label: 'a' });
    expect(examples).toHaveLength(500);
    expect(examples[0]).toEqual({ text: text(0), label: 'x' });
    expect(examples.at(-1)).toEqual({ text: text(499), label: 'y' });
  });

  it('are those that are asked for, whatever the others are called', async () => {
    const source = csv('text,label,body,stars', 4, (n) => [n, n, text(n), label(n)]);
    expect(await columnsOf(source, { text: 'body', label: 'stars' })).toEqual({
      text: 'body',
      label: 'stars',
    });
    expect(await columnsOf(source, { text: 'label' })).toMatchObject({ text: 'label' });
  });

  it.each([
    [
      csv('a,b,c', 20, (n) => [label(n), text(n), n % 3]),
      "It is not clear which column holds the text and which the label; there are 'a', 'b', 'c'. Name them by textColumn and labelColumn.",
    ],
    [csv('a,b', 20, (n) => [text(n), text(n)]), /not clear .* 'a', 'b'/],
    ['text\nhello\n', "The table has only the column 'text'; each row needs a text and a label"],
    [
      csv('I like it so much,good', 20, (n) => [text(n), label(n)]),
      "The first row does not name the columns: 'good' is among the values below it",
    ],
    ['', 'The table has no rows; it needs a text and a label in each.'],
  ])('are asked for where they are not clear: %o', async (source, message) => {
    const reading = parseExamples(source, { format: 'csv' });
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toMatchObject({ code: 'INVALID_DATA' });
  });
});

describe('the columns of pairs', () => {
  const found = async (header: string) => {
    const count = header.split(',').length;
    const source = csv(header, 3, (n) => Array.from({ length: count }, (_, i) => `${n} ${i}`));
    return (await parsePairs(source, { format: 'csv' })).columns;
  };

  it.each([
    ['target,source', { source: 'source', target: 'target' }],
    ['english,spanish', { source: 'english', target: 'spanish' }],
    ['id,Question,Answer', { source: 'Question', target: 'Answer' }],
    ['spanish,source', { source: 'source', target: 'spanish' }],
  ])('of %s', async (header, columns) => expect(await found(header)).toEqual(columns));

  it('are asked for among three, and never one for both', async () => {
    await expect(found('a,b,c')).rejects.toThrow(/Name them by sourceColumn and targetColumn/);
    await expect(found('source')).rejects.toThrow(/only the column 'source'/);
  });
});

describe('the column of texts', () => {
  const bytes = (source: string) => new TextEncoder().encode(source);

  it('is the one by name, or the longest', async () => {
    const read = (source: string) => parseTexts(bytes(source), { format: 'csv' });
    expect((await read('id,text\n1,a\n2,b\n')).texts).toEqual(['a', 'b']);
    expect((await read('id,story\n1,a long one\n2,another\n')).texts).toHaveLength(2);
    await expect(read('a,b\nx,y\n')).rejects.toThrow(/Name it by textColumn/);
  });

  it('is not there in a txt, which is one text as it is', async () => {
    const source = bytes('a\r\nb\n\nc');
    expect(await parseTexts(source, { format: 'txt' })).toEqual({
      texts: ['a\r\nb\n\nc'],
      problems: [],
    });
    await expect(parseTexts(source, { format: 'txt', text: 'body' })).rejects.toThrow(
      /A txt has no columns, and 'body' was asked for; leave textColumn out/,
    );
  });
});
