import { describe, expect, it } from 'vitest';
import { examplesFromTable, parseExamples } from '../../src/data/parseExamples.ts';

const columns = { text: 'text', label: 'label' };

describe('parseExamples', () => {
  it.each([
    ['csv', 'id,text,label\n1,hello,ham\n2,buy,spam\n'],
    ['csv', 'text;label\nhello;ham\nbuy;spam\n'],
    ['tsv', 'text\tlabel\nhello\tham\nbuy\tspam\n'],
    ['jsonl', '{"text":"hello","label":"ham"}\n{"text":"buy","label":" spam "}\n'],
    ['json', '[{"text":"hello","label":"ham"},{"text":"buy","label":"spam"}]'],
  ])('reads %s', async (format, source) => {
    expect(await parseExamples(source, { format, ...columns })).toEqual({
      examples: [
        { text: 'hello', label: 'ham' },
        { text: 'buy', label: 'spam' },
      ],
      problems: [],
      columns,
    });
  });

  it('gives one list of problems in the order of the file', async () => {
    const source = [
      '{"text":"a","label":1}',
      '{"text":"","label":"x"}',
      '{broken',
      '{"text":5,"label":"x"}',
      '{"text":"b"}',
      '{"text":"b","label":" "}',
      '{"text":"b","label":[["x"]]}',
      '{"text":"c","label":false}',
      '{"text":"d","label":["x", 2, "x"]}',
    ].join('\n');
    const { examples, problems } = await parseExamples(source, { format: 'jsonl', ...columns });
    expect(examples).toEqual([
      { text: 'a', label: '1' },
      { text: 'c', label: 'false' },
      { text: 'd', label: ['x', '2'] },
    ]);
    expect(problems).toEqual([
      { row: 2, reason: 'text is empty' },
      { row: 3, reason: expect.stringMatching(/not JSON/) },
      { row: 4, reason: 'text must be a text, is 5' },
      { row: 5, reason: 'label must be a text, is undefined' },
      { row: 6, reason: 'label is empty' },
      { row: 7, reason: "label must hold texts, is [['x']]" },
    ]);
  });

  it('lists the columns and the nearest one when one is missing', async () => {
    const source = 'id,Text,class\n1,a,b\n';
    await expect(parseExamples(source, { format: 'csv', ...columns })).rejects.toMatchObject({
      code: 'INVALID_DATA',
      message:
        "There is no column 'text' for the text; there are 'id', 'Text', 'class'. Did you mean 'Text'?",
    });
    await expect(
      parseExamples(source, { format: 'csv', text: 'Text', label: 'label' }),
    ).rejects.toThrow("There is no column 'label' for the label; there are 'id', 'Text', 'class'.");
  });

  it('gives up on a missing column after 100 rows, not after the whole file', async () => {
    let given = 0;
    function* rows() {
      for (; given < 1e6; given++) yield { row: given, values: { body: 'x', label: 'y' } };
    }
    await expect(examplesFromTable(rows(), columns)).rejects.toThrow(/no column 'text'/);
    expect(given).toBeLessThan(200);
  });

  it('refuses empty tables, tables without a usable row, unknown formats', async () => {
    const read = (format: string, source: string) => parseExamples(source, { format, ...columns });
    await expect(read('csv', '')).rejects.toThrow(/The table has no rows/);
    await expect(read('csv', 'text,label\n')).rejects.toThrow(/The table has no rows/);
    await expect(read('csv', 'text,label\n,x\n,y')).rejects.toThrow(
      'None of the 2 rows can be used; row 2: text is empty.',
    );
    await expect(read('jsonl', '{')).rejects.toThrow(/None of the 1 rows .* row 1: it is not JSON/);
    await expect(read('xlsx', '')).rejects.toThrow(/'xlsx' is not known; known are csv, tsv/);
    await expect(read('toString', '')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
