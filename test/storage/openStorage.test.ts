import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { HttpStorage } from '../../src/storage/httpStorage.ts';
import { MemoryStorage } from '../../src/storage/memoryStorage.ts';
import { openStorage, type StorageTarget } from '../../src/storage/openStorage.ts';

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

  it('hands a storage through', () => {
    const storage = new MemoryStorage();
    expect(openStorage(storage)).toBe(storage);
  });

  it.each<[unknown, string, RegExp]>([
    ['./model', 'UNSUPPORTED', /no file system for the path '\.\/model'; pass an http/],
    ['ftp://x/y', 'UNSUPPORTED', /begin with 'ftp:'/],
    [new Uint8Array(3), 'UNSUPPORTED', /a Uint8Array of 3 bytes: packed archives are not/],
    [new ArrayBuffer(3), 'UNSUPPORTED', /packed archives/],
    [new Blob([]), 'UNSUPPORTED', /packed archives/],
    ['', 'INVALID_ARGUMENT', /'' is no place for files; pass a path/],
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
