import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { writeZip } from '../../src/formats/zip.ts';
import { HttpStorage } from '../../src/storage/httpStorage.ts';
import { KeyValueStorage } from '../../src/storage/keyValueStorage.ts';
import { MemoryStorage } from '../../src/storage/memoryStorage.ts';
import { openStorage, type StorageTarget } from '../../src/storage/openStorage.ts';
import { ZipStorage } from '../../src/storage/zipStorage.ts';

const opened: string[] = [];
const openPath = (path: string | URL) => {
  opened.push(String(path));
  return new MemoryStorage();
};

describe('openStorage', () => {
  it('opens paths by the injected driver, file URLs included', () => {
    opened.length = 0;
    for (const path of ['./model', 'model', '/a/b', 'C:\\models\\x', new URL('file:///a/b')]) {
      expect(openStorage(path, { openPath })).toBeInstanceOf(MemoryStorage);
    }
    expect(openStorage('file:///c', { openPath })).toBeInstanceOf(MemoryStorage);
    expect(opened).toEqual([
      ...['./model', 'model', '/a/b', 'C:\\models\\x', 'file:///a/b', 'file:///c'],
    ]);
  });

  it('opens http addresses, with the fetch it is given', async () => {
    const fetch = () => Promise.resolve(new Response(Uint8Array.of(7)));
    for (const address of ['https://example.org/m', new URL('http://example.org/m')]) {
      const storage = openStorage(address, { fetch });
      expect(storage).toBeInstanceOf(HttpStorage);
      expect(await storage.read('x')).toEqual(Uint8Array.of(7));
    }
  });

  it.each([
    ['/model/', 'https://example.org/model/'],
    ['./model', 'https://example.org/app/model'],
    ['../model', 'https://example.org/model'],
    ['//cdn.example/model', 'https://cdn.example/model'],
  ])('on a page, reads %s from where fetch would', async (path, location) => {
    const asked: string[] = [];
    const fetch = (input: unknown) => {
      asked.push(String(input));
      return Promise.resolve(new Response(Uint8Array.of(7)));
    };
    const storage = openStorage(path, { base: 'https://example.org/app/index.html?a#b', fetch });
    expect(storage.location).toBe(location);
    await storage.read('config.json');
    expect(asked).toEqual([`${location.replace(/\/$/, '')}/config.json`]);
  });

  it.each([
    ['/model', 'file:///home/app/index.html'],
    ['/model', 'about:blank'],
    ['C:\\models', 'https://example.org/'],
    ['file:///model', 'https://example.org/'],
  ])('refuses %s on %s', (path, base) => {
    expect(() => openStorage(path, { base })).toThrow(/has no file system for the path/);
  });

  it('uses a Map itself, one of another realm too', async () => {
    const files = new Map<string, Uint8Array>();
    await openStorage(files).write(new Map([['a', Uint8Array.of(1)]]));
    expect(files.get('a')).toEqual(Uint8Array.of(1));
    const foreign = runInContext('new Map([["a", new Uint8Array([2])]])', createContext());
    expect(await openStorage(foreign).read('a')).toHaveLength(1);
    expect(() => openStorage(new Map([['a', 'text']]) as never)).toThrow(
      /bytes of a must be a Uint8Array, received 'text'/,
    );
  });

  it('opens an address by the scheme that its runtime has, and names those it has', async () => {
    const paths: string[] = [];
    const opfs = (path: string) => {
      paths.push(path);
      return new MemoryStorage();
    };
    const options = { openPath, schemes: { opfs } };
    openStorage('opfs://models/my spam', options);
    openStorage('OPFS:models/spam', options);
    openStorage(new URL('opfs://models/my%20spam'), options);
    openStorage('opfs://100%', options);
    expect(paths).toEqual(['models/my spam', 'models/spam', 'models/my spam', '100%']);
    expect(() => openStorage('s3://models', options)).toThrow(
      /begin with 's3:' .* pass a path, an address \(http:\/\/, https:\/\/, file:\/\/, opfs:\/\/\), a Map/,
    );
  });

  it('takes a Blob or buffer for a zip archive, one of another realm too', async () => {
    const archive = writeZip(new Map([['a', Uint8Array.of(1, 2)]]));
    const foreign = runInContext(`new Uint8Array([${archive}]).buffer`, createContext());
    for (const packed of [
      archive,
      archive.buffer,
      new Blob([archive]),
      new DataView(archive.buffer),
      foreign,
    ]) {
      const storage = openStorage(packed);
      expect(storage).toBeInstanceOf(ZipStorage);
      expect(await storage.read('a')).toEqual(Uint8Array.of(1, 2));
    }
  });

  it('takes an R2 bucket or a KV namespace, files at its top', async () => {
    const values = new Map<string, Uint8Array>();
    const namespace = {
      get: async (key: string) => values.get(key) ?? null,
      put: async (key: string, value: Uint8Array) => void values.set(key, value),
      delete: async (key: string) => void values.delete(key),
      list: async () => ({
        keys: [...values.keys()].map((name) => ({ name })),
        list_complete: true,
      }),
    };
    const storage = openStorage(namespace);
    expect(storage).toBeInstanceOf(KeyValueStorage);
    await storage.write(new Map([['a', Uint8Array.of(3)]]));
    expect(values).toEqual(new Map([['a', Uint8Array.of(3)]]));
  });

  it('hands a storage through', () => {
    const storage = new MemoryStorage();
    expect(openStorage(storage)).toBe(storage);
  });

  it.each<[unknown, string, RegExp]>([
    ['./model', 'UNSUPPORTED', /no file system for the path '\.\/model'; pass an address \(http/],
    ['ftp://x/y', 'UNSUPPORTED', /begin with 'ftp:'/],
    ['opfs://models/spam', 'UNSUPPORTED', /begin with 'opfs:' cannot be opened by this runtime/],
    ['https://', 'INVALID_ARGUMENT', /'https:\/\/' is no valid URL/],
    ['', 'INVALID_ARGUMENT', /'' is no place for files; pass an address/],
    [undefined, 'INVALID_ARGUMENT', /undefined is no place/],
    [null, 'INVALID_ARGUMENT', /null is no place/],
    [{ read() {} }, 'INVALID_ARGUMENT', /\{ read \} is no place/],
  ])('refuses %s', (target, code, message) => {
    expect(() => openStorage(target as StorageTarget)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});

describe('MemoryStorage', () => {
  it('reads, lists, removes, and names what is there', async () => {
    const storage = new MemoryStorage(new Map([['b', Uint8Array.of(1)]]));
    await storage.write(new Map([['a', new Uint8Array(0)]]));
    expect(await storage.list()).toEqual(['a', 'b']);
    await storage.remove('b');
    await storage.remove('b');
    expect([await storage.has('a'), await storage.has('b')]).toEqual([true, false]);
    await expect(storage.read('b')).rejects.toThrow(/no b in memory; there are a\./);
    await expect(storage.read('a', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });

  it('writes nothing when one of the files is bad', async () => {
    const storage = new MemoryStorage();
    const files = new Map([
      ['good', new Uint8Array(1)],
      ['../bad', new Uint8Array(1)],
    ]);
    await expect(storage.write(files)).rejects.toThrow(/'\.\.\/bad' is not a plain file name/);
    expect(await storage.list()).toEqual([]);
  });
});
