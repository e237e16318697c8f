import { describe, expect, it } from 'vitest';
import { KeyValueStorage } from '../../src/storage/keyValueStorage.ts';
import { readSealedFiles } from '../../src/storage/sealedFiles.ts';
import { fileNames, sampleFiles, versionOf } from './sampleFiles.ts';

/** A namespace that gives two keys a page and refuses what is larger than `limit`. */
function pagedNamespace(limit = Infinity) {
  const values = new Map<string, Uint8Array>();
  return {
    values,
    get: async (key: string, type: 'arrayBuffer') => {
      expect(type).toBe('arrayBuffer');
      return values.get(key)?.slice().buffer ?? null;
    },
    put: async (key: string, value: Uint8Array) => {
      if (value.length > limit) throw new Error('KV PUT failed: 413 Value length exceeds limit');
      values.set(key, value);
    },
    delete: async (key: string) => void values.delete(key),
    list: async ({ prefix, cursor = '0' }: { prefix: string; cursor?: string }) => {
      const names = [...values.keys()].filter((key) => key.startsWith(prefix)).sort();
      const end = Number(cursor) + 2;
      return {
        keys: names.slice(Number(cursor), end).map((name) => ({ name })),
        list_complete: end >= names.length,
        cursor: String(end),
      };
    },
  };
}

describe('KeyValueStorage', () => {
  it('keeps a file a key below its prefix, and lists all pages', async () => {
    const namespace = pagedNamespace();
    const storage = new KeyValueStorage(namespace, 'models/spam');
    await storage.write(sampleFiles(1));
    await new KeyValueStorage(namespace, 'models/spam/').write(
      new Map([['more', new Uint8Array(1)]]),
    );
    await new KeyValueStorage(namespace, 'models/spam/deeper').write(sampleFiles(2));
    await new KeyValueStorage(namespace, 'models/spam2').write(sampleFiles(3));
    expect([...namespace.values.keys()]).toContain('models/spam/config.json');
    expect(await storage.list()).toEqual([
      'config.json',
      'model.safetensors',
      'more',
      'tokenizer.json',
    ]);
    expect(await new KeyValueStorage(namespace).list()).toEqual([]);
  });

  it('reads what other stores answer with, bytes themselves too', async () => {
    const answers: unknown[] = [
      Uint8Array.of(1),
      new Uint8Array([0, 1]).subarray(1),
      { arrayBuffer: async () => Uint8Array.of(1).buffer },
    ];
    for (const answer of answers) {
      const storage = new KeyValueStorage({ ...pagedNamespace(), get: async () => answer });
      expect(await storage.read('a')).toEqual(Uint8Array.of(1));
    }
    const text = new KeyValueStorage({ ...pagedNamespace(), get: async () => 'text' });
    await expect(text.read('a')).rejects.toThrow(/The value of a is neither bytes nor/);
  });

  it('a save that is refused is undone', async () => {
    const namespace = pagedNamespace(1500);
    const storage = new KeyValueStorage(namespace, 'm');
    const larger = new Map([
      ...sampleFiles(2, 100),
      ['tokenizer.json', new Uint8Array(2000)],
    ] as const);
    const refused = {
      code: 'STORAGE',
      message: expect.stringMatching(
        /^Cannot write tokenizer\.json \(2000 bytes\) in m\/ of the key-value namespace \(KV PUT failed: 413 .*\)\. What was there before still stands\. .* 25 MiB/,
      ),
    };
    await expect(storage.write(larger)).rejects.toMatchObject(refused);
    expect(await storage.list()).toEqual([]);
    await storage.write(sampleFiles(1));
    await expect(storage.write(larger)).rejects.toMatchObject(refused);
    expect(versionOf(await readSealedFiles(storage, { required: fileNames }))).toBe(1);
  });

  it('where that is refused too it says so, and the mix is not loaded', async () => {
    const namespace = pagedNamespace();
    const storage = new KeyValueStorage(namespace, 'm');
    await storage.write(sampleFiles(1));
    const { put } = namespace;
    let puts = 0;
    namespace.put = async (key, value) => {
      if (++puts > 1) throw new Error('429 Too Many Requests');
      await put(key, value);
    };
    await expect(storage.write(sampleFiles(2))).rejects.toMatchObject({
      code: 'STORAGE',
      message: expect.stringMatching(/\(429 .*\)\. .* nothing can be loaded .* until a save/),
    });
    await expect(readSealedFiles(storage, { required: fileNames })).rejects.toMatchObject({
      code: 'INVALID_FILE',
      message: expect.stringMatching(/ torn/),
    });
    namespace.put = put;
    await storage.write(sampleFiles(3));
    expect(versionOf(await readSealedFiles(storage, { required: fileNames }))).toBe(3);
  });
});
