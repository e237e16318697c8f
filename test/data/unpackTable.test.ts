import { gzipSync, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { parseTexts } from '../../src/data/parseTexts.ts';
import { decodeText, textChunks } from '../../src/data/textChunks.ts';
import { unpackTable } from '../../src/data/unpackTable.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const open = (name: string, content: Uint8Array, options = {}, type = '') =>
  unpackTable({ name, location: name || 'the Blob', type, bytes: content }, options);
const CSV = bytes('text,label\na,b\n');

describe('the format of a file', () => {
  it.each([
    ['a.csv', '', 'csv'],
    ['A.B.TSV', 'text/csv', 'tsv'],
    ['a.csv.gz', '', 'csv'],
    ['export', 'text/csv', 'csv'],
    ['', 'application/x-ndjson', 'ndjson'],
    ['notes.md', 'text/plain', 'txt'],
  ])('of %o, %o is %s', async (name, type, format) => {
    expect((await open(name, CSV, {}, type)).format).toBe(format);
  });

  it('is what is asked for, before all', async () => {
    expect((await open('a.txt', CSV, { format: 'csv' })).format).toBe('csv');
    await expect(open('a.csv', CSV, { format: 'xlsx' })).rejects.toThrow(
      /format 'xlsx' is not known/,
    );
  });

  it.each([
    ['a.xlsx', /a\.xlsx: format 'xlsx' is not known; known are csv, tsv.*Save it as one of them/],
    ['data.tar.gz', /format 'tar' is not known/],
    ['', /The format of the Blob is not known, .* pass \{ format \}, one of csv/],
  ])('of %o is not known', async (name, message) => {
    await expect(open(name, CSV)).rejects.toThrow(message);
    await expect(open(name, CSV)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('packed files', () => {
  it('are gunzipped, of one member or several', async () => {
    expect((await open('a.csv.gz', gzipSync(CSV))).bytes).toEqual(CSV);
    const two = new Uint8Array([...gzipSync(CSV), ...gzipSync(CSV)]);
    expect((await open('a.csv.gz', two)).bytes).toEqual(new Uint8Array([...CSV, ...CSV]));
    const large = bytes('text number one of many\n'.repeat(50_000));
    expect((await open('a.txt.gz', gzipSync(large))).bytes).toEqual(large);
  });

  it('are taken as they are where a server has unpacked them', async () => {
    expect(await open('a.csv.gz', CSV)).toMatchObject({ format: 'csv', bytes: CSV });
  });

  it('are taken from a zip: the first of use, not what a Mac adds', async () => {
    const zip = zipSync({
      '__MACOSX/data/._mails.csv': bytes('junk'),
      'data/': new Uint8Array(0),
      '.hidden.csv': bytes('junk'),
      'README.txt': bytes('about'),
      'data/mails.csv.gz': gzipSync(CSV),
    });
    const found = await open('mails.zip', zip, { useful: ['csv', 'jsonl'] });
    expect(found).toEqual({
      location: 'data/mails.csv.gz in mails.zip',
      format: 'csv',
      bytes: CSV,
    });
    expect((await open('mails.zip', zip)).format).toBe('txt');
    expect((await open('', zip, {}, 'application/zip')).format).toBe('txt');
    const odd = zipSync({ 'mails.dat': CSV });
    expect((await open('mails.zip', odd, { format: 'csv' })).bytes).toEqual(CSV);
  });

  it.each([
    [
      'nothing.zip',
      zipSync({}),
      'INVALID_DATA',
      /nothing\.zip has no file of data inside; it is empty/,
    ],
    [
      'photos.zip',
      zipSync({ 'a.png': CSV, 'b.png': CSV }),
      'INVALID_DATA',
      /photos\.zip has no file of data inside; it holds a\.png, b\.png\. Put one in/,
    ],
    ['no.zip', CSV, 'INVALID_FILE', /no\.zip is no zip archive, or is torn/],
    ['cut.zip', zipSync({ 'a.csv': CSV }).subarray(0, 60), 'INVALID_FILE', /torn/],
    [
      'cut.csv.gz',
      gzipSync(CSV).subarray(0, 20),
      'INVALID_FILE',
      /cut\.csv\.gz is no gzip file, or is torn/,
    ],
    ['tail.csv.gz', gzipSync(CSV).subarray(0, -4), 'INVALID_FILE', /torn/],
    ['head.csv.gz', gzipSync(CSV).subarray(0, 4), 'INVALID_FILE', /torn/],
    ['bits.csv.gz', gzipSync(CSV).map((x, i) => (i === 14 ? x ^ 64 : x)), 'INVALID_FILE', /torn/],
    ['empty.csv', new Uint8Array(0), 'INVALID_DATA', /empty\.csv is empty/],
    ['empty.csv.gz', gzipSync(new Uint8Array(0)), 'INVALID_DATA', /empty\.csv\.gz is empty/],
  ])('are refused: %s', async (name, content, code, message) => {
    await expect(open(name, content)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('are not unpacked beyond a size', async () => {
    const zeros = new Uint8Array(3 << 20);
    const message = /unpacks to more than 1 MiB/;
    const maxBytes = 1 << 20;
    await expect(open('a.csv.gz', gzipSync(zeros), { maxBytes })).rejects.toThrow(message);
    await expect(open('a.zip', zipSync({ 'a.csv': zeros }), { maxBytes })).rejects.toThrow(message);
  });
});

describe('the letters of a file', () => {
  const TEXT = 'grüße, 😀\n';
  const utf16 = (isLittle: boolean) => {
    const view = new DataView(new ArrayBuffer(2 + 2 * TEXT.length));
    view.setUint16(0, 0xfeff, isLittle);
    for (let i = 0; i < TEXT.length; i++) view.setUint16(2 + 2 * i, TEXT.charCodeAt(i), isLittle);
    return new Uint8Array(view.buffer);
  };

  it.each([
    ['UTF-8', bytes(TEXT)],
    ['UTF-8 with its mark', new Uint8Array([0xef, 0xbb, 0xbf, ...bytes(TEXT)])],
    ['UTF-16, low bytes first', utf16(true)],
    ['UTF-16, high bytes first', utf16(false)],
  ])('in %s are read, also byte by byte', async (_, content) => {
    expect(decodeText(content)).toBe(TEXT);
    let text = '';
    for await (const chunk of textChunks([...content].map((byte) => Uint8Array.of(byte)))) {
      text += chunk;
    }
    expect(text).toBe(TEXT);
  });

  it.each([
    ['Latin-1', Uint8Array.of(0x67, 0x72, 0xfc, 0xdf, 0x65), /not UTF-8 text; convert it first/],
    ['UTF-16 without its mark', utf16(true).subarray(2), /not UTF-8|zero bytes/],
    ['a picture', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0), /not UTF-8 text/],
    ['zeros', new Uint8Array(100), /zero bytes, as a binary file has/],
  ])('are refused plainly: %s', async (_, content, message) => {
    const reading = parseTexts(content, { format: 'txt' });
    await expect(reading).rejects.toMatchObject({
      code: 'INVALID_DATA',
      message: expect.stringMatching(message),
    });
    await expect(parseTexts(content, { format: 'csv' })).rejects.toMatchObject({
      code: 'INVALID_DATA',
    });
  });
});
