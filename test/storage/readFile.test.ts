import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import vm from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runtime } from '../../src/runtime/node.ts';
import { isFileSource } from '../../src/storage/fileSource.ts';
import { MemoryStorage } from '../../src/storage/memoryStorage.ts';
import { readFile } from '../../src/storage/readFile.ts';

const CSV = new TextEncoder().encode('text,label\na,b\n');
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anyformer-test-'));
  await writeFile(join(folder, 'my (1) mails.csv'), CSV);
});
afterAll(() => rm(folder, { recursive: true }));

/** A server that tells what it was asked for. */
const asked: string[] = [];
const server = createServer(({ url = '' }, response) => {
  asked.push(url);
  if (url.startsWith('/page')) response.setHeader('content-type', 'text/html').end('<html>');
  else if (url.startsWith('/hidden')) response.writeHead(403).end();
  else if (url.startsWith('/export')) {
    response.setHeader('content-type', 'text/csv; charset=utf-8');
    response.setHeader('content-disposition', 'attachment; filename="mails.csv"').end(CSV);
  } else if (url.startsWith('/slow')) response.write('a');
  else if (url.startsWith('/data')) response.end(CSV);
  else response.writeHead(404).end();
});
let origin: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe('readFile', () => {
  it('reads paths and file: addresses, with any letters in their names', async () => {
    const path = join(folder, 'my (1) mails.csv');
    const found = { name: 'my (1) mails.csv', bytes: CSV };
    expect(await readFile(path, runtime)).toMatchObject(found);
    const url = pathToFileURL(path);
    expect(url.href).toContain('%20');
    expect(await readFile(url, runtime)).toMatchObject(found);
    expect(await readFile(url.href, runtime)).toMatchObject(found);
  });

  it('fetches addresses with their query, which no message shows', async () => {
    const address = `${origin}/data/my%20mails.csv?signature=secret`;
    const found = await readFile(address, runtime);
    expect(found).toMatchObject({ name: 'my mails.csv', bytes: CSV });
    expect(asked.at(-1)).toBe('/data/my%20mails.csv?signature=secret');
    expect(found.location).not.toContain('secret');
    expect(await readFile(new URL(`${origin}/export?id=7`), runtime)).toMatchObject({
      name: 'mails.csv',
      type: 'text/csv',
    });
  });

  it('fetches a path as a page does', async () => {
    const page = { base: `${origin}/data/page.html` };
    expect(await readFile('mails.csv?v=2', page)).toMatchObject({ name: 'mails.csv', bytes: CSV });
    expect(asked.at(-1)).toBe('/data/mails.csv?v=2');
    await readFile('/data/my mails.csv', page);
    expect(asked.at(-1)).toBe('/data/my%20mails.csv');
  });

  it('reads what only the host knows', async () => {
    const storage = new MemoryStorage(new Map([['mails.csv', CSV]]));
    const folders: string[] = [];
    const open = (path: string) => {
      folders.push(path);
      return storage;
    };
    const found = await readFile('opfs://data/mails.csv', { schemes: { opfs: open } });
    expect(found).toMatchObject({ name: 'mails.csv', bytes: CSV });
    expect(folders).toEqual(['data']);
  });

  it('reads Files, Blobs and bytes, also those of another realm', async () => {
    const file = new File([CSV], 'mails.csv', { type: 'text/csv' });
    expect(await readFile(file, {})).toEqual({
      name: 'mails.csv',
      location: 'mails.csv',
      type: 'text/csv',
      bytes: CSV,
    });
    expect(await readFile(new Blob([CSV], { type: 'text/csv;x=y' }), {})).toMatchObject({
      name: '',
      type: 'text/csv',
    });
    const foreign = vm.runInNewContext('new Uint8Array([65, 66])');
    expect(isFileSource(foreign)).toBe(true);
    expect([...(await readFile(foreign, {})).bytes]).toEqual([65, 66]);
    const blob = URL.createObjectURL(new Blob([CSV], { type: 'text/csv' }));
    expect(await readFile(blob, {})).toMatchObject({ name: '', type: 'text/csv', bytes: CSV });
    for (const data of [[], ['a'], new Map(), null, 7, {}]) expect(isFileSource(data)).toBe(false);
  });

  it.each([
    ['none.csv', 'STORAGE', /none\.csv could not be read: There is no such file\. Check the path/],
    ['.', 'STORAGE', /is a directory, not a file\. Pass the path of one file/],
    ['', 'INVALID_ARGUMENT', /'' is no path/],
    ['file://elsewhere/a.csv', 'INVALID_ARGUMENT', /address of no file of this machine/],
    ['s3://bucket/a.csv', 'UNSUPPORTED', /'s3:\/\/bucket\/a\.csv' cannot be opened .* pass a path/],
  ])('says what is wrong with %o', async (path, code, message) => {
    await expect(readFile(path, runtime)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('says what is wrong with an answer', async () => {
    const read = (path: string) => readFile(`${origin}${path}`, runtime);
    await expect(read('/none.csv?key=1')).rejects.toThrow(
      `${origin}/none.csv answered 404 Not Found. There is no such file: check the address.`,
    );
    await expect(read('/hidden.csv')).rejects.toThrow(/403 Forbidden\. Access is refused/);
    await expect(read('/page')).rejects.toMatchObject({ code: 'INVALID_FILE' });
    await expect(readFile('http://127.0.0.1:1/a.csv', runtime)).rejects.toThrow(
      /could not be reached \(/,
    );
    await expect(readFile('a.csv', {})).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  it('stops at the signal', async () => {
    const aborted = { code: 'ABORTED', cause: 'enough' };
    const signal = AbortSignal.abort('enough');
    const path = join(folder, 'my (1) mails.csv');
    for (const source of [path, `${origin}/data.csv`, new Blob([CSV])]) {
      await expect(readFile(source, runtime, signal)).rejects.toMatchObject(aborted);
    }
    const controller = new AbortController();
    const reading = readFile(`${origin}/slow.csv`, runtime, controller.signal);
    setTimeout(() => controller.abort('enough'), 50);
    await expect(reading).rejects.toMatchObject(aborted);
  });
});
