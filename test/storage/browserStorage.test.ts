import { afterEach, describe, expect, it, vi } from 'vitest';
import { BrowserStorage, browserSchemes } from '../../src/storage/browserStorage.ts';
import { IndexedDbStorage } from '../../src/storage/indexedDbStorage.ts';
import { openStorage } from '../../src/storage/openStorage.ts';
import { fakeOpfs } from './fakeOpfs.ts';
import { sampleFiles } from './sampleFiles.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

const writableFiles = () =>
  vi.stubGlobal('FileSystemFileHandle', { prototype: { createWritable() {} } });

/** An IndexedDB that refuses to open, as in a private window. */
const refusing = (name: string) => ({
  open() {
    const request = { error: new DOMException('refused', name), onerror: () => undefined };
    queueMicrotask(() => request.onerror());
    return request;
  },
});

describe('browser storage', () => {
  it('is opened by its scheme, below plain names', async () => {
    vi.stubGlobal('indexedDB', {});
    vi.stubGlobal('navigator', fakeOpfs(new Map()).host);
    const open = (address: string) => openStorage(address, { schemes: browserSchemes });
    expect(open('opfs://models/spam').location).toBe('opfs://models/spam');
    expect(open('indexeddb:///models//spam/').location).toBe('indexeddb://models/spam');
    expect(() => open('opfs://')).toThrow(
      /'opfs:\/\/' needs a name, such as 'opfs:\/\/models\/spam'/,
    );
    expect(() => open('indexeddb://a/../b')).toThrow(/'\.\.' is not a plain file name/);
  });

  it('is the private file system where that can be written', async () => {
    writableFiles();
    const storage = new BrowserStorage('models/spam', fakeOpfs(new Map()).host);
    await storage.write(sampleFiles(1));
    expect(storage.location).toBe('opfs://models/spam');
    expect(await storage.has('config.json')).toBe(true);
    await storage.remove('config.json');
    expect(await storage.list()).toEqual(['model.safetensors', 'tokenizer.json']);
  });

  it.each<[string, () => object]>([
    ['there is none', () => ({})],
    ['there are no locks', () => ({ storage: fakeOpfs(new Map()).host.storage })],
    ['files cannot be written', () => fakeOpfs(new Map()).host],
    ['it is refused', () => fakeOpfs(new Map(), () => 'SecurityError').host],
  ])('is IndexedDB where %s', async (why, makeHost) => {
    if (why === 'it is refused') writableFiles();
    vi.stubGlobal('indexedDB', refusing('InvalidStateError'));
    const storage = new BrowserStorage('models/spam', makeHost());
    await expect(storage.write(sampleFiles(1))).rejects.toMatchObject({
      code: 'STORAGE',
      message: expect.stringMatching(
        /^Cannot save into indexeddb:\/\/models\/spam \(InvalidStateError\)\. .* private window/,
      ),
    });
    await expect(storage.read('config.json')).rejects.toThrow(/^Cannot read indexeddb:/);
  });

  it('there is none outside of browsers', () => {
    expect(() => new IndexedDbStorage('models/spam')).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED',
        message: expect.stringMatching(
          /^There is no IndexedDB here for indexeddb:\/\/models\/spam/,
        ),
      }),
    );
  });
});
