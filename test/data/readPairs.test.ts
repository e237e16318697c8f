import { describe, expect, it } from 'vitest';
import { readPairs } from '../../src/data/readPairs.ts';

const pairs = [
  { source: 'Go.', target: 'Vete.' },
  { source: 'Run, "now"!', target: '¡Corre!' },
];

describe('readPairs', () => {
  it.each([
    ['csv', 'source,target\nGo.,Vete.\n"Run, ""now""!",¡Corre!\n'],
    ['tsv', 'source\ttarget\nGo.\tVete.\n"Run, ""now""!"\t¡Corre!\n'],
    ['jsonl', pairs.map((pair) => JSON.stringify(pair)).join('\n')],
    ['json', JSON.stringify(pairs)],
  ])('reads %s', async (format, text) => {
    expect(await readPairs(text, { format })).toEqual({ pairs, problems: [] });
    const bytes = new TextEncoder().encode(text);
    expect(await readPairs(bytes, { format })).toEqual({ pairs, problems: [] });
  });

  it('takes other columns, and names the rows that cannot be used', async () => {
    const text = '{"en":"a","es":"b"}\n{"en":"a"}\n{"en":" ","es":"b"}\nno\n{"en":"c","es":4}\n';
    const found = await readPairs(text, { format: 'jsonl', source: 'en', target: 'es' });
    expect(found.pairs).toEqual([{ source: 'a', target: 'b' }]);
    expect(found.problems.map(({ row }) => row).sort()).toEqual([2, 3, 4, 5]);
    expect(found.problems).toContainEqual({ row: 2, reason: 'es is missing' });
    expect(found.problems).toContainEqual({ row: 5, reason: 'es is 4, not a text' });
  });

  it.each([
    ['pdf', 'a', 'INVALID_ARGUMENT', /format 'pdf' is not known; known are csv, tsv/],
    [
      'csv',
      'source,spanish\na,b\n',
      'INVALID_DATA',
      /no column 'target' for the target; .*'spanish'/,
    ],
    ['csv', 'source,target\na,\n', 'INVALID_DATA', /None of the 1 rows .*row 2: target is ''/],
    ['jsonl', '', 'INVALID_DATA', /The table has no rows/],
  ])('refuses %s %o', async (format, text, code, message) => {
    await expect(readPairs(text, { format })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});
