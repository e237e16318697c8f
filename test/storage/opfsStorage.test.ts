import { describe, expect, it } from 'vitest';
import { AnyformerError } from '../../src/core/errors.ts';
import { OpfsStorage } from '../../src/storage/opfsStorage.ts';
import { readSealedFiles } from '../../src/storage/sealedFiles.ts';
import { type Folder, fakeOpfs } from './fakeOpfs.ts';
import { fileNames, sampleFiles, versionOf } from './sampleFiles.ts';

const PATH = 'models/spam';

/** A file system that holds version 1. */
async function savedOnce() {
  const root = new Map();
  await new OpfsStorage(PATH, fakeOpfs(root).host).write(sampleFiles(1));
  return root;
}

async function versionIn(root: Folder): Promise<number> {
  const storage = new OpfsStorage(PATH, fakeOpfs(root).host);
  return versionOf(await readSealedFiles(storage, { required: fileNames }));
}

async function operationsOfASave(): Promise<number> {
  const { host, done } = fakeOpfs(await savedOnce());
  await new OpfsStorage(PATH, host).write(sampleFiles(2));
  return done.length;
}

describe('OpfsStorage', () => {
  it('a save that fails at any step leaves one whole set, and says so where it is the old one', async () => {
    const count = await operationsOfASave();
    expect(count).toBeGreaterThan(20);
    const versions = new Set<number>();
    for (let failing = 0; failing < count; failing++) {
      const root = await savedOnce();
      const { host } = fakeOpfs(root, (operation) =>
        operation === failing ? 'QuotaExceededError' : undefined,
      );
      const error = await new OpfsStorage(PATH, host).write(sampleFiles(2)).catch((e) => e);
      const version = await versionIn(root);
      expect({ failing, version }).toEqual({ failing, version: error === undefined ? 2 : 1 });
      if (error !== undefined) {
        expect(error).toBeInstanceOf(AnyformerError);
        expect(error).toMatchObject({ code: 'STORAGE' });
        expect(error.message).toMatch(/^There is no room for 0\.00 MB in opfs:\/\/models\/spam/);
      }
      versions.add(version);
      // And the next one does what this one could not.
      await new OpfsStorage(PATH, fakeOpfs(root).host).write(sampleFiles(3));
      expect(await versionIn(root)).toBe(3);
      const folder = (root.get('models') as Map<string, Map<string, unknown>>).get('spam')!;
      expect(folder.size).toBe(2);
    }
    expect(versions).toEqual(new Set([1, 2]));
  });

  it('a save that is cut off at any step, as by a tab that is killed, leaves one whole set', async () => {
    const count = await operationsOfASave();
    for (let last = 0; last < count; last++) {
      const root = await savedOnce();
      const { host } = fakeOpfs(root, (operation) => (operation > last ? 'AbortError' : undefined));
      const saved = await new OpfsStorage(PATH, host).write(sampleFiles(2)).then(
        () => true,
        () => false,
      );
      expect({ last, version: await versionIn(root) }).toEqual({ last, version: saved ? 2 : 1 });
    }
  });

  it('reads files that were put there by other means, and replaces them', async () => {
    const root = new Map([['models', new Map([['spam', new Map(sampleFiles(7))]])]]);
    const storage = new OpfsStorage(PATH, fakeOpfs(root as never).host);
    expect(await versionIn(root as never)).toBe(7);
    await storage.write(sampleFiles(8));
    expect(await versionIn(root as never)).toBe(8);
    await storage.remove('tokenizer.json');
    expect(await storage.list()).toEqual(['config.json', 'model.safetensors']);
    await expect(storage.read('tokenizer.json')).rejects.toMatchObject({ code: 'STORAGE' });
  });

  it('reads on when the set is replaced by another tab meanwhile', async () => {
    const root = await savedOnce();
    const { host } = fakeOpfs(root);
    let isFirst = true;
    const storage = new OpfsStorage(PATH, {
      ...host,
      storage: {
        // A new set, and the old one gone, after the index was read.
        getDirectory: async () => {
          const folder = await host.storage.getDirectory();
          if (!isFirst) return folder;
          isFirst = false;
          let isReplaced = false;
          return onIndexRead(folder, async () => {
            if (isReplaced) return;
            isReplaced = true;
            await new OpfsStorage(PATH, fakeOpfs(root).host).write(sampleFiles(2));
          });
        },
      },
    });
    const bytes = await storage.read('model.safetensors');
    expect(bytes).toEqual(sampleFiles(2).get('model.safetensors'));
  });

  it.each<[string, RegExp]>([
    [
      'SecurityError',
      /^Cannot read opfs:\/\/models\/spam \(SecurityError\)\. The browser lets this page keep no files: .* ZipStorage/,
    ],
    ['NoModificationAllowedError', /Another tab has it open/],
    ['UnknownError', /\(UnknownError\)\. UnknownError: injected/],
  ])('says what a %s means', async (name, message) => {
    const { host } = fakeOpfs(new Map(), () => name);
    await expect(new OpfsStorage(PATH, host).read('config.json')).rejects.toMatchObject({
      code: 'STORAGE',
      message: expect.stringMatching(message),
    });
    await expect(new OpfsStorage(PATH, host).write(sampleFiles(1))).rejects.toMatchObject({
      code: 'STORAGE',
      message: expect.stringMatching(/^Cannot save into opfs:\/\/models\/spam/),
    });
  });

  it('refuses an index that it did not write', async () => {
    const index = new TextEncoder().encode('{"config.json"');
    const root = new Map([['models', new Map([['spam', new Map([['.anyformer-save', index]])]])]]);
    const storage = new OpfsStorage(PATH, fakeOpfs(root as never).host);
    await expect(storage.read('config.json')).rejects.toMatchObject({
      code: 'INVALID_FILE',
      message: expect.stringMatching(/^\.anyformer-save in opfs:\/\/models\/spam is not JSON/),
    });
  });
});

/** Wraps the folders below, so that `then` runs once after the index of one was read. */
function onIndexRead(
  folder: FileSystemDirectoryHandle,
  then: () => Promise<void>,
): FileSystemDirectoryHandle {
  return {
    ...folder,
    async getDirectoryHandle(name: string, options?: FileSystemGetDirectoryOptions) {
      return onIndexRead(await folder.getDirectoryHandle(name, options), then);
    },
    async getFileHandle(name: string, options?: FileSystemGetFileOptions) {
      const handle = await folder.getFileHandle(name, options);
      if (name !== '.anyformer-save') return handle;
      const index = await handle.getFile();
      await then();
      return { ...handle, getFile: async () => index };
    },
  } as FileSystemDirectoryHandle;
}
