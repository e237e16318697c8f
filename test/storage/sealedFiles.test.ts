import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/storage/memoryStorage.ts';
import { readSealedFiles, sealFiles } from '../../src/storage/sealedFiles.ts';
import type { ReadOptions } from '../../src/storage/storage.ts';
import { fileNames, sampleFiles, versionOf } from './sampleFiles.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const read = (files: Map<string, Uint8Array>) =>
  readSealedFiles(new MemoryStorage(files), { required: fileNames });

describe('sealed files', () => {
  it('are read back, config.json last on the way in, other keys kept', async () => {
    const files = sampleFiles(3);
    expect([...files.keys()].at(-1)).toBe('config.json');
    expect(versionOf(await read(files))).toBe(3);
    const again = sealFiles(sealFiles(new Map([['config.json', encode('{"anyformer":{"a":1}}')]])));
    const config = JSON.parse(new TextDecoder().decode(again.get('config.json')));
    expect(config).toEqual({ anyformer: { a: 1, files: {} } });
  });

  it('tell their sizes before they arrive, so that a reading can end there', async () => {
    const stopped: string[] = [];
    class Slow extends MemoryStorage {
      override read(name: string, options: ReadOptions = {}): Promise<Uint8Array> {
        if (name === 'config.json') return super.read(name, options);
        return new Promise((_, reject) => {
          options.signal?.addEventListener('abort', () => {
            stopped.push(name);
            reject(options.signal!.reason);
          });
        });
      }
    }
    const sizes = new Map<string, number>();
    const files = sampleFiles(1);
    const reading = readSealedFiles(
      new Slow(files),
      { required: fileNames },
      {
        async checkSize(name, bytes) {
          sizes.set(name, bytes);
          if (sizes.size === fileNames.length) throw new Error('too large');
        },
      },
    );
    await expect(reading).rejects.toThrow('too large');
    expect(stopped.sort()).toEqual([...fileNames].sort());
    expect(sizes).toEqual(new Map(fileNames.map((name) => [name, files.get(name)!.length])));
  });

  it('without a seal tell their sizes when they are there', async () => {
    const sizes = new Map<string, number>();
    const files = sampleFiles(1).set('config.json', encode('{}'));
    await readSealedFiles(
      new MemoryStorage(files),
      { required: fileNames },
      {
        checkSize: async (name, bytes) => void sizes.set(name, bytes),
      },
    );
    expect(sizes).toEqual(new Map([...files].map(([name, { length }]) => [name, length])));
  });

  it('every mix of two saves is refused by the name of the file that does not belong', async () => {
    for (const name of fileNames) {
      const mixed = sampleFiles(1).set(name, sampleFiles(2).get(name)!);
      await expect(read(mixed)).rejects.toMatchObject({
        code: 'INVALID_FILE',
        message: expect.stringContaining(`${name} in memory is torn, or does not belong`),
      });
    }
    const newConfig = sampleFiles(1).set('config.json', sampleFiles(2).get('config.json')!);
    await expect(read(newConfig)).rejects.toMatchObject({ code: 'INVALID_FILE' });
  });

  it('any change of one byte is noticed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(999), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const files = sampleFiles(1);
        files.get('model.safetensors')![at]! ^= mask;
        await expect(read(files)).rejects.toThrow(/model\.safetensors .* checksum is \d+, not \d+/);
      }),
    );
  });

  it('a file the seal does not name is refused where it is required, left out where optional', async () => {
    const files = sampleFiles(1).set('generation_config.json', encode('{}'));
    const storage = new MemoryStorage(files);
    await expect(
      readSealedFiles(storage, { required: ['generation_config.json'] }),
    ).rejects.toThrow(/does not name it/);
    const optional = ['generation_config.json', 'tokenizer.json'];
    const found = await readSealedFiles(storage, { required: [], optional });
    expect([...found.keys()]).toEqual(['config.json', 'tokenizer.json']);
  });

  it('a folder without a seal is read as it is', async () => {
    const files = new Map([
      ['config.json', encode('{"model_type":"bert"}')],
      ['tokenizer.json', encode('{}')],
    ]);
    const optional = ['tokenizer.json', 'generation_config.json'];
    const found = await readSealedFiles(new MemoryStorage(files), { required: [], optional });
    expect([...found.keys()]).toEqual(['config.json', 'tokenizer.json']);
  });

  it('are read at once; what is under way is stopped when one cannot be read', async () => {
    const stopped: string[] = [];
    class Failing extends MemoryStorage {
      override read(name: string, options: ReadOptions = {}): Promise<Uint8Array> {
        if (name === 'config.json') return super.read(name, options);
        if (name === 'tokenizer.json') return Promise.reject(new Error('unreadable'));
        return new Promise((_, reject) => {
          options.signal!.addEventListener('abort', () => {
            stopped.push(name);
            reject(new Error('stopped'));
          });
        });
      }
    }
    const required = ['model.safetensors', 'tokenizer.json'];
    const reading = readSealedFiles(new Failing(sampleFiles(1)), { required });
    await expect(reading).rejects.toThrow('unreadable');
    expect(stopped).toEqual(['model.safetensors']);
  });

  it('a missing or broken config.json, a missing file and a broken seal are told apart', async () => {
    const broken = (config: string) => sampleFiles(1).set('config.json', encode(config));
    await expect(read(new Map())).rejects.toThrow(/no config\.json in memory; there is nothing/);
    await expect(read(broken('{"a":'))).rejects.toThrow(/config\.json in memory is not JSON/);
    await expect(read(broken('{"anyformer":{"files":{"a":1}}}'))).rejects.toThrow(
      /anyformer\.files must give bytes and crc32/,
    );
    const missing = sampleFiles(1);
    missing.delete('tokenizer.json');
    await expect(read(missing)).rejects.toMatchObject({ code: 'STORAGE' });
    expect(() => sealFiles(new Map())).toThrow(/needs a config\.json/);
  });
});

describe('a set that is replaced while it is read', () => {
  /** Storage in which `saves` are written, one before each reading of `before`, after the others. */
  function replaced(before: string, saves: Iterable<number>) {
    const storage = new MemoryStorage(sampleFiles(1));
    const versions = saves[Symbol.iterator]();
    const asked: string[] = [];
    const read = storage.read.bind(storage);
    storage.read = async (name, options) => {
      asked.push(name);
      if (name !== before) return read(name, options);
      await new Promise((resolve) => setTimeout(resolve));
      const { value } = versions.next();
      if (value !== undefined) await storage.write(sampleFiles(value));
      return read(name, options);
    };
    return { storage, asked, load: () => readSealedFiles(storage, { required: fileNames }) };
  }

  it.each(['config.json', ...fileNames])(
    'by a save before %s is read, is read again',
    async (name) => {
      const { asked, load } = replaced(name, [2]);
      expect(versionOf(await load())).toBe(2);
      expect(asked.filter((file) => file === name)).toHaveLength(2);
    },
  );

  it('by saves that do not end, is given up', async () => {
    const versions = Array.from({ length: 20 }, (_, n) => n + 2);
    const { asked, load } = replaced('tokenizer.json', versions);
    await expect(load()).rejects.toMatchObject({
      code: 'INVALID_FILE',
      message: expect.stringMatching(
        /^The files in memory were replaced during each of 5 readings\. Load them once nobody saves/,
      ),
      cause: expect.objectContaining({ code: 'INVALID_FILE' }),
    });
    expect(asked.filter((file) => file === 'tokenizer.json')).toHaveLength(5);
  });

  it('stays torn where nobody replaces it, after a second look', async () => {
    const { storage, asked, load } = replaced('nothing', []);
    await storage.write(new Map([['tokenizer.json', sampleFiles(2).get('tokenizer.json')!]]));
    await expect(load()).rejects.toThrow(/tokenizer\.json in memory is torn/);
    expect(asked.filter((file) => file === 'tokenizer.json')).toHaveLength(2);
  });
});
