import { describe, expect, it } from 'vitest';
import { decodeFile, Refusal } from '../../examples/browser-train/decodeFile.ts';
import { readRows } from '../../examples/browser-train/readRows.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
const latin1 = (text: string) => Uint8Array.from(text, (sign) => sign.charCodeAt(0));
const utf16 = (text: string, mark = '\ufeff') =>
  new Uint8Array(Uint16Array.from(mark + text, (sign) => sign.charCodeAt(0)).buffer);

describe('decodeFile of the page', () => {
  it('reads UTF-8 with and without a mark, and says nothing of it', () => {
    expect(decodeFile(utf8('Grüße'))).toEqual({ text: 'Grüße', note: undefined });
    expect(decodeFile(utf8('\ufeffGrüße'))).toEqual({ text: 'Grüße', note: undefined });
    expect(decodeFile(new Uint8Array())).toEqual({ text: '', note: undefined });
  });

  it('reads UTF-16 by its mark in both orders, and Latin text in it also without', () => {
    const little = utf16('text,label\nGrüße,gut');
    const big = little.slice();
    for (let n = 0; n < big.length; n += 2) [big[n], big[n + 1]] = [big[n + 1]!, big[n]!];
    for (const bytes of [little, big, utf16('text,label\nGrüße,gut', '')]) {
      expect(decodeFile(bytes)).toEqual({ text: 'text,label\nGrüße,gut', note: undefined });
    }
  });

  it('reads what is not UTF-8 as Windows-1252, and says so', () => {
    // Node 20 has signs such as “ wrong; the test in the browser has one.
    const { text, note } = decodeFile(latin1('caf\u00e9 se\u00f1or'));
    expect(text).toBe('café señor');
    expect(note).toMatch(/not in UTF-8.*Windows-1252/);
  });

  it('refuses what is no text, in words', () => {
    const picture = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13);
    expect(() => decodeFile(picture)).toThrow(/looks like a picture.*save it as CSV/);
    const workbook = Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0, 6, 0);
    expect(() => decodeFile(workbook)).toThrow(/looks like a spreadsheet/);
    expect(() => decodeFile(Uint8Array.of(65, 0, 1, 2, 3, 66))).toThrow(/^This file is not text/);
    expect(() => decodeFile(picture)).toThrow(Refusal);
  });
});

describe('readRows of the page', () => {
  const pairs = (source: string) => {
    const { texts, labels } = readRows(source);
    return texts.map((text, n) => [text, labels[n]]);
  };
  const rows = [
    ['My parcel, it is late', 'delivery'],
    ['I forgot my password', 'account'],
    ['Where is the courier?', 'delivery'],
  ];

  it.each([
    [
      'a CSV',
      'text,label\n"My parcel, it is late",delivery\nI forgot my password,account\nWhere is the courier?,delivery\n',
    ],
    [
      'a CSV of Windows',
      'text,label\r\n"My parcel, it is late",delivery\r\nI forgot my password,account\r\nWhere is the courier?,delivery\r\n',
    ],
    [
      'semicolons',
      'label;text\ndelivery;My parcel, it is late\naccount;I forgot my password\ndelivery;Where is the courier?',
    ],
    [
      'what a spreadsheet copies, without a heading',
      'My parcel, it is late\tdelivery\nI forgot my password\taccount\nWhere is the courier?\tdelivery',
    ],
    [
      'unusual headings',
      'What they wrote,Team\n"My parcel, it is late",delivery\nI forgot my password,account\nWhere is the courier?,delivery',
    ],
    [
      'JSON',
      JSON.stringify([
        { id: 1, body: 'My parcel, it is late', topic: 'delivery' },
        { id: 2, body: 'I forgot my password', topic: 'account' },
        { id: 3, body: 'Where is the courier?', topic: 'delivery' },
      ]),
    ],
    [
      'JSON lines',
      '{"text":"My parcel, it is late","label":"delivery"}\n{"text":"I forgot my password","label":"account"}\n{"text":"Where is the courier?","label":"delivery"}\n',
    ],
    [
      'JSON lists',
      '[["My parcel, it is late","delivery"],["I forgot my password","account"],["Where is the courier?","delivery"]]',
    ],
  ])('finds text and label in %s', (_, source) => {
    expect(pairs(source)).toEqual(rows);
  });

  it('takes one column as texts without labels, commas and all', () => {
    expect(pairs('My parcel, where is it?\nHello\nOne, two, three\n')).toEqual([
      ['My parcel, where is it?', ''],
      ['Hello', ''],
      ['One, two, three', ''],
    ]);
    expect(readRows('text\nHello\nBye\n')).toMatchObject({
      texts: ['Hello', 'Bye'],
      labelColumn: -1,
    });
  });

  it('takes the columns that are asked for, and names all', () => {
    const source = 'id,body,stars\n1,fine film,5\n2,dull film,1\n';
    expect(readRows(source)).toMatchObject({
      columns: ['id', 'body', 'stars'],
      ...{ textColumn: 1, labelColumn: 2, labels: ['5', '1'] },
    });
    expect(readRows(source, { label: 0 })).toMatchObject({ labels: ['1', '2'] });
  });

  it('keeps several labels of a text together', () => {
    const read = readRows('[{"text":"a","label":["x","y"]},{"text":"b","label":["x"]}]');
    expect(read).toMatchObject({ several: true, labels: ['x | y', 'x'] });
  });

  it('tells what it left out', () => {
    const { notes, texts } = readRows('text,label\n,ham\nhello,\nbye,spam\n');
    expect(texts).toEqual(['hello', 'bye']);
    expect(notes).toEqual(['1 row without a text was left out.']);
    expect(readRows('{"text":"a","label":"x"}\nnonsense\n').notes).toEqual([
      '1 line was left out, because it cannot be read as JSON.',
    ]);
  });

  it('refuses in words what has no rows, or a row without an end', () => {
    expect(() => readRows(' \n')).toThrow('There is nothing in it.');
    expect(() => readRows('text,label\n"never closed,good\nfine,good\n')).toThrow(
      /^Row 2 opens a quotation mark \("\) that is never closed/,
    );
    expect(() => readRows('{"a":{}')).toThrow(/needs a list of entries/);
    expect(() => readRows('text,label\n,x\n')).toThrow('No row in it has a text.');
  });
});
