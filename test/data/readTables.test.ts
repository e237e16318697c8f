import fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import { readCsv } from '../../src/data/readCsv.ts';
import { readJson, readJsonl } from '../../src/data/readJson.ts';
import type { RowProblem, TableRow } from '../../src/data/table.ts';
import { type TextSource, textChunks, textLines } from '../../src/data/textChunks.ts';

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

type Reader = (
  source: TextSource,
  options: { onProblem: (problem: RowProblem) => void; delimiter?: string },
) => AsyncIterable<TableRow>;

async function readAll(reader: Reader, source: TextSource, delimiter?: string) {
  const problems: RowProblem[] = [];
  const onProblem = (problem: RowProblem) => void problems.push(problem);
  const rows = await all(reader(source, { onProblem, ...(delimiter && { delimiter }) }));
  return { rows, problems };
}

/** The same bytes in parts of these sizes, again and again. */
function* parts(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let start = 0, i = 0; start < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    yield bytes.subarray(start, start + size);
    start += size;
  }
}

const encode = (text: string) => new TextEncoder().encode(text);

describe('textChunks', () => {
  const text = '\ufeffzwölf\r\nBoxkämpfer\rjagen 🦊\n\r\n';
  const expected = 'zwölf\nBoxkämpfer\njagen 🦊\n\n';

  it.each<[string, TextSource]>([
    ['a string', text],
    ['bytes', encode(text)],
    ['a Blob', new Blob([text])],
    ['a stream', new Blob([text]).stream()],
    ['single bytes', parts(encode(text), [1])],
    ['an async iterable', textChunks(text)],
    ['a buffer of Node', Buffer.from(text)],
  ])('reads %s', async (_, source) => {
    expect((await all(textChunks(source))).join('')).toBe(expected);
  });

  it('gives the same text however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('a', 'ö', '🦊', '\r', '\n', '\r\n', '\ufeff')),
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }),
        async (pieces, sizes) => {
          const whole = pieces.join('');
          const cut = (await all(textChunks(parts(encode(whole), sizes)))).join('');
          expect(cut).toBe(whole.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n'));
        },
      ),
    );
  });

  it('numbers lines', async () => {
    expect(await all(textLines('a\n\nb'))).toEqual([
      { line: 1, text: 'a' },
      { line: 2, text: '' },
      { line: 3, text: 'b' },
    ]);
    expect(await all(textLines(''))).toEqual([]);
  });

  it('refuses other encodings, a torn last character, and what is no text', async () => {
    for (const bytes of [Uint8Array.of(0x61, 0xe4, 0x62), encode('🦊').subarray(0, 3)]) {
      await expect(all(textChunks(bytes))).rejects.toMatchObject({
        code: 'INVALID_DATA',
        message: expect.stringContaining('not UTF-8'),
      });
    }
    await expect(all(textChunks(7 as never))).rejects.toThrow(/^7 is no source of text/);
    await expect(all(textChunks(undefined as never))).rejects.toThrow(/undefined is no source/);
  });

  it('cancels a stream its consumer leaves', async () => {
    let cancelled = false;
    const stream = new ReadableStream<string>({
      pull: (controller) => controller.enqueue('line\n'),
      cancel: () => {
        cancelled = true;
      },
    });
    for await (const { line } of textLines(stream)) if (line === 3) break;
    expect(cancelled).toBe(true);
  });
});

describe('readCsv', () => {
  it('reads quotes, line breaks inside of them, blank lines and numbers of records', async () => {
    const { rows, problems } = await readAll(
      readCsv,
      ' text ,label\r\n"Hello, ""you""\r\nthere",ham\r\n\r\nBuy,spam',
    );
    expect(rows).toEqual([
      { row: 2, values: { text: 'Hello, "you"\nthere', label: 'ham' } },
      { row: 4, values: { text: 'Buy', label: 'spam' } },
    ]);
    expect(problems).toEqual([]);
  });

  it.each([
    [',', 'text,label\nbuy; now | or\tnever,spam\n'],
    ['\t', 'text\tlabel\na, b, c; d\tspam\n'],
    [';', 'text;label;x\na, b, c, d, e;spam;1\n'],
    ['|', 'text|label\na, b, c|spam\n'],
  ])('finds the delimiter %j by the header', async (_, source) => {
    const { rows } = await readAll(readCsv, source);
    expect(rows[0]?.values.label).toBe('spam');
  });

  it('names every bad row and goes on', async () => {
    const { rows, problems } = await readAll(
      readCsv,
      'text,label\nonly one\na,ham\na,b,c\n"x" y,ham\nb,spam\n"open,ham\nc,"spam"\nd,ham\n"end,ham',
    );
    expect(rows.map(({ row, values }) => [row, values.text])).toEqual([
      [3, 'a'],
      [6, 'b'],
      [8, 'c'],
      [9, 'd'],
    ]);
    expect(problems).toEqual([
      { row: 2, reason: 'it has 1 field, the header 2' },
      { row: 4, reason: 'it has 3 fields, the header 2' },
      { row: 5, reason: expect.stringMatching(/quote inside of a quoted field/) },
      { row: 7, reason: expect.stringMatching(/quote/) },
      { row: 10, reason: 'it opens a quote that is never closed' },
    ]);
  });

  it('loses one row, not the file, to a quote that is never closed', async () => {
    function* source() {
      yield 'text,label\n"open,ham\n';
      for (let i = 0; i < 100; i++) yield 'another text,spam\n'.repeat(3000);
    }
    const { rows, problems } = await readAll(readCsv, source());
    expect(problems).toEqual([{ row: 2, reason: 'it opens a quote that is never closed' }]);
    expect(rows).toHaveLength(300_000);
    expect(rows.at(-1)?.row).toBe(300_002);
  });

  it('throws the first bad row when nobody collects them', async () => {
    await expect(all(readCsv('a,b\n1\n'))).rejects.toMatchObject({
      code: 'INVALID_DATA',
      message: expect.stringMatching(/^Row 2: it has 1 field, the header 2\. .*onProblem/),
    });
  });

  it('refuses a header with a name twice, and delimiters that cannot be', async () => {
    await expect(all(readCsv('a,b,a\n1,2,3\n'))).rejects.toThrow(/column 'a' twice/);
    for (const delimiter of ['', '"', '\n']) {
      await expect(all(readCsv('a\n', { delimiter }))).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    }
  });

  it('reads an empty file, a header alone, one column', async () => {
    expect((await readAll(readCsv, '')).rows).toEqual([]);
    expect((await readAll(readCsv, 'a,b\n')).rows).toEqual([]);
    expect((await readAll(readCsv, 'text\nx\n\ny')).rows.map(({ row }) => row)).toEqual([2, 4]);
  });

  it('reads back what Papa Parse writes, however the bytes are cut', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', ' ', 'ö', '"', ',', ';', '\n', '🦊') });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell, cell), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
        fc.constantFrom(',', '\t', ';'),
        fc.constantFrom('\n', '\r\n'),
        async (table, sizes, delimiter, newline) => {
          const text = Papa.unparse([['x', 'y', 'z'], ...table], { delimiter, newline });
          const found = await readAll(readCsv, parts(encode(text), sizes));
          expect(found.problems).toEqual([]);
          expect(found.rows.map(({ values }) => [values.x, values.y, values.z])).toEqual(table);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('reads a large stream in parts: rows come before the end', async () => {
    let given = 0;
    function* source() {
      yield 'text,label\n';
      for (; given < 100_000; given++) yield `"text, number ${given}",${given % 2}\n`;
    }
    let count = 0;
    let givenAtFirst = 0;
    for await (const { row, values } of readCsv(source())) {
      if (count++ === 0) givenAtFirst = given;
      if (row === 70_001) expect(values).toEqual({ text: 'text, number 69999', label: '1' });
    }
    expect(count).toBe(100_000);
    expect(givenAtFirst).toBeLessThan(10_000);
  });
});

describe('readJsonl and readJson', () => {
  it('read objects, count lines, name what is none', async () => {
    const { rows, problems } = await readAll(
      readJsonl,
      '{"a":1}\n\n{"a":\n[2]\nnull\n"x"\n{"a":{"b":3}}',
    );
    expect(rows).toEqual([
      { row: 1, values: { a: 1 } },
      { row: 7, values: { a: { b: 3 } } },
    ]);
    expect(problems).toEqual([
      { row: 3, reason: expect.stringMatching(/^it is not JSON \(/) },
      { row: 4, reason: 'it must be an object, is [2]' },
      { row: 5, reason: 'it must be an object, is null' },
      { row: 6, reason: "it must be an object, is 'x'" },
    ]);
    const array = await readAll(readJson, '[{"a":1}, 5, {"a":2}]');
    expect(array.rows.map(({ row }) => row)).toEqual([1, 3]);
    expect(array.problems).toEqual([{ row: 2, reason: 'it must be an object, is 5' }]);
  });

  it('throw without a collector', async () => {
    await expect(all(readJsonl('{}\n{'))).rejects.toThrow(/^Row 2: it is not JSON/);
    await expect(all(readJson('[1]'))).rejects.toThrow(/^Row 1: it must be an object/);
    await expect(all(readJson('{"a":1}\n{"a":2}'))).rejects.toThrow(/read it as JSON Lines/);
    await expect(all(readJson('{"a":1}'))).rejects.toThrow(/must be a JSON array of objects/);
  });

  it('read back what is written', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.dictionary(fc.string(), fc.jsonValue())),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        async (objects, sizes) => {
          const lines = objects.map((object) => JSON.stringify(object));
          const values = lines.map((line) => JSON.parse(line));
          const jsonl = await readAll(readJsonl, parts(encode(lines.join('\n')), sizes));
          expect(jsonl.rows.map((row) => row.values)).toEqual(values);
          const json = await readAll(readJson, parts(encode(`[${lines.join()}]`), sizes));
          expect(json.rows.map((row) => row.values)).toEqual(values);
          expect([...jsonl.problems, ...json.problems]).toEqual([]);
        },
      ),
    );
  });
});
