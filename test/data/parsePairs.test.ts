import { describe, expect, it } from 'vitest';
import { parsePairs } from '../../src/data/parsePairs.ts';

const pairs = [
  { source: 'Go.', target: 'Vete.' },
  { source: 'Run, "now"!', target: '¡Corre!' },
];

const columns = { source: 'source', target: 'target' };

describe('parsePairs', () => {
  it.each([
    ['csv', 'source,target\nGo.,Vete.\n"Run, ""now""!",¡Corre!\n'],
    ['tsv', 'source\ttarget\nGo.\tVete.\n"Run, ""now""!"\t¡Corre!\n'],
    ['jsonl', pairs.map((pair) => JSON.stringify(pair)).join('\n')],
    ['json', JSON.stringify(pairs)],
  ])('reads %s', async (format, text) => {
    expect(await parsePairs(text, { format })).toEqual({ pairs, problems: [], columns });
    const bytes = new TextEncoder().encode(text);
    expect(await parsePairs(bytes, { format })).toEqual({ pairs, problems: [], columns });
  });

  it('takes other columns, and names the rows that cannot be used', async () => {
    const text = '{"en":"a","es":"b"}\n{"en":"a"}\n{"en":" ","es":"b"}\nno\n{"en":"c","es":4}\n';
    const found = await parsePairs(text, { format: 'jsonl', source: 'en', target: 'es' });
    expect(found.pairs).toEqual([{ source: 'a', target: 'b' }]);
    expect(found.problems.map(({ row }) => row).sort()).toEqual([2, 3, 4, 5]);
    expect(found.problems).toContainEqual({ row: 2, reason: 'es is missing' });
    expect(found.problems).toContainEqual({ row: 5, reason: 'es is 4, not a text' });
  });

  it.each([
    ['pdf', 'a', 'INVALID_ARGUMENT', /format 'pdf' is not known; known are csv, tsv/],
    [
      'csv',
      'source,spanish,by\na,b,c\n',
      'INVALID_DATA',
      /not clear which column holds the source and which the target; .*'spanish', 'by'\. Name them by sourceColumn and targetColumn/,
    ],
    ['csv', 'source,target\na,\n', 'INVALID_DATA', /None of the 1 rows .*row 2: target is ''/],
    ['jsonl', '', 'INVALID_DATA', /The table has no rows/],
  ])('refuses %s %o', async (format, text, code, message) => {
    await expect(parsePairs(text, { format })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});
