import * as nodeFs from 'node:fs/promises';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AnyformerError } from '../../src/core/errors.ts';
import { FileStorage, type FileSystem } from '../../src/storage/fileStorage.ts';
import { readSealedFiles } from '../../src/storage/sealedFiles.ts';
import { fileNames, sampleFiles, versionOf } from './sampleFiles.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'anyformer-test-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** Counts the operations of a file system and lets those fail that `fails` names. */
function faultyFileSystem(fails: (operation: number) => boolean, code: string) {
  const done: string[] = [];
  const step = async (what: string) => {
    done.push(what);
    if (fails(done.length - 1)) throw Object.assign(new Error(`${code}: injected`), { code });
  };
  const faultyHandle = (handle: nodeFs.FileHandle) => ({
    async writeFile(bytes: Uint8Array) {
      try {
        await step('writeFile');
      } catch (error) {
        // What a full disk does: a part arrives.
        await handle.writeFile(bytes.subarray(0, bytes.length / 2));
        throw error;
      }
      await handle.writeFile(bytes);
    },
    async sync() {
      await step('sync');
      await handle.sync();
    },
    async close() {
      await handle.close();
      await step('close');
    },
  });
  const fs = new Proxy(nodeFs, {
    get: (target, name: keyof FileSystem) => {
      return async (...parameters: never[]) => {
        await step(name);
        const result = await (target[name] as (...all: never[]) => unknown)(...parameters);
        return name === 'open' ? faultyHandle(result as nodeFs.FileHandle) : result;
      };
    },
  });
  return { fs: fs as FileSystem, done };
}

const readVersion = async (fs?: FileSystem) =>
  versionOf(await readSealedFiles(new FileStorage(directory, fs), { required: fileNames }));

async function errorOf(promise: Promise<unknown>): Promise<AnyformerError | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    if (error instanceof AnyformerError) return error;
    throw error;
  }
}

describe('FileStorage', () => {
  it('writes, reads, lists and removes, and leaves nothing of its own behind', async () => {
    const storage = new FileStorage(pathToFileURL(join(directory, 'deep', 'model')));
    await storage.write(sampleFiles(1));
    const names = ['config.json', 'model.safetensors', 'tokenizer.json'];
    expect(await storage.list()).toEqual(names);
    expect((await readdir(storage.location)).sort()).toEqual(names);
    expect(await storage.has('tokenizer.json')).toBe(true);
    expect(await storage.read('tokenizer.json')).toEqual(sampleFiles(1).get('tokenizer.json'));
    await storage.remove('tokenizer.json');
    await storage.remove('tokenizer.json');
    expect(await storage.has('tokenizer.json')).toBe(false);
    expect(await new FileStorage(join(directory, 'nothing')).list()).toEqual([]);
    expect(await new FileStorage(join(directory, 'nothing')).has('x')).toBe(false);
  });

  it('keeps files and folders that are not part of a set', async () => {
    await writeFile(join(directory, 'README.md'), 'mine');
    await mkdir(join(directory, 'checkpoint'));
    await new FileStorage(directory).write(sampleFiles(1));
    await new FileStorage(directory).write(sampleFiles(2));
    expect(await readFile(join(directory, 'README.md'), 'utf8')).toBe('mine');
    expect(await readdir(directory)).toContain('checkpoint');
    expect(await readVersion()).toBe(2);
  });

  it('reports bytes and honours an AbortSignal', async () => {
    const storage = new FileStorage(directory);
    await storage.write(sampleFiles(1));
    const seen: unknown[] = [];
    await storage.read('model.safetensors', { onProgress: (progress) => seen.push(progress) });
    expect(seen).toEqual([{ name: 'model.safetensors', loadedBytes: 1001, totalBytes: 1001 }]);
    const signal = AbortSignal.abort('enough');
    const error = await errorOf(storage.read('model.safetensors', { signal }));
    expect(error).toMatchObject({ code: 'ABORTED', cause: 'enough' });
    const controller = new AbortController();
    const reading = errorOf(storage.read('model.safetensors', { signal: controller.signal }));
    controller.abort();
    expect((await reading)?.code).toBe('ABORTED');
  });

  it('says what is missing, in the way or not allowed', async () => {
    const storage = new FileStorage(directory);
    expect(await errorOf(storage.read('model.safetensors'))).toMatchObject({
      code: 'STORAGE',
      message: expect.stringMatching(/^Cannot read .*model\.safetensors \(ENOENT\)\. It does not/),
      cause: expect.objectContaining({ code: 'ENOENT' }),
    });
    await writeFile(join(directory, 'file'), '');
    for (const path of [join(directory, 'file'), join(directory, 'file', 'model')]) {
      const error = await errorOf(new FileStorage(path).write(sampleFiles(1)));
      expect(error?.message).toMatch(/Cannot create .*file.* \((EEXIST|ENOTDIR)\)\. .*path\.$/);
    }
    for (const name of ['../x', 'a/b', 'a\\b', '', '.', '..', '.hidden']) {
      const writing = storage.write(new Map([[name, new Uint8Array(1)]]));
      expect((await errorOf(writing))?.code).toBe('INVALID_ARGUMENT');
      expect((await errorOf(storage.read(name)))?.code).toBe('INVALID_ARGUMENT');
    }
    expect(await readdir(directory)).toEqual(['file']);
  });

  it('removes staging folders of processes that died long ago, and no others', async () => {
    const old = join(directory, '.anyformer-staging-old');
    await mkdir(old);
    await writeFile(join(old, 'model.safetensors'), 'half');
    await utimes(old, new Date(0), new Date(0));
    await mkdir(join(directory, '.anyformer-staging-new'));
    await new FileStorage(directory).write(sampleFiles(1));
    expect((await readdir(directory)).filter((name) => name.startsWith('.'))).toEqual([
      '.anyformer-staging-new',
    ]);
  });

  it('survives several writers at once', async () => {
    const versions = [1, 2, 3, 4, 5, 6, 7, 8];
    const outcomes = await Promise.all(
      versions.map((version) => errorOf(new FileStorage(directory).write(sampleFiles(version)))),
    );
    expect(outcomes).toContain(undefined);
    for (const error of outcomes) if (error) expect(error.code).toBe('STORAGE');
    expect(versions).toContain(await readVersion());
  });
});

describe('FileStorage when operations fail', () => {
  /** How many operations a save over an old set takes. */
  async function countOperations(): Promise<string[]> {
    await new FileStorage(directory).write(sampleFiles(1));
    const { fs, done } = faultyFileSystem(() => false, '');
    await new FileStorage(directory, fs).write(sampleFiles(2));
    return done;
  }

  it.each(['ENOSPC', 'EACCES', 'EROFS', 'EIO'])(
    'keeps the old set whole when one operation fails with %s',
    async (code) => {
      const operations = await countOperations();
      expect(operations.length).toBeGreaterThan(20);
      const firstMove = operations.indexOf('rename', operations.indexOf('rename') + 1);
      for (let failing = 0; failing < operations.length; failing++) {
        await rm(directory, { recursive: true });
        await new FileStorage(directory).write(sampleFiles(1));
        const { fs } = faultyFileSystem((operation) => operation === failing, code);
        const error = await errorOf(new FileStorage(directory, fs).write(sampleFiles(2)));
        const where = `operation ${failing}, ${operations[failing]}`;
        if (error) {
          expect(error.code, where).toBe('STORAGE');
          expect(error.message, where).toContain(code);
          expect(error.message, where).toContain(directory);
        }
        // The first rename commits the set and can be undone until the second has moved a file.
        expect(await readVersion(), where).toBe(error && failing <= firstMove ? 1 : 2);
        const left = (await readdir(directory)).filter((name) => name.includes('staging'));
        expect(left, where).toEqual([]);
        await new FileStorage(directory).write(sampleFiles(3));
        expect(await readVersion(), where).toBe(3);
        expect((await readdir(directory)).sort()).toEqual([...sampleFiles(3).keys()].sort());
      }
    },
  );

  it('is old or new, never a mix, when everything fails from some operation on', async () => {
    const operations = await countOperations();
    const seen = new Set<number>();
    for (let first = 0; first < operations.length; first++) {
      await rm(directory, { recursive: true });
      await new FileStorage(directory).write(sampleFiles(1));
      const { fs } = faultyFileSystem((operation) => operation >= first, 'EIO');
      await errorOf(new FileStorage(directory, fs).write(sampleFiles(2)));
      seen.add(await readVersion());
      expect(await new FileStorage(directory).list()).toEqual([...sampleFiles(1).keys()].sort());
      await new FileStorage(directory).write(sampleFiles(3));
      expect(await readVersion()).toBe(3);
    }
    expect([...seen]).toEqual([1, 2]);
  });

  it('leaves no directory behind when the first save into it fails', async () => {
    const path = join(directory, 'model');
    const { fs } = faultyFileSystem((operation) => operation === 5, 'ENOSPC');
    const error = await errorOf(new FileStorage(path, fs).write(sampleFiles(1)));
    expect(error?.message).toMatch(/Cannot write .*\(ENOSPC\)\. The disk is full: free some space/);
    expect(await readdir(directory)).toEqual([]);
  });

  it('does not bring a removed file back', async () => {
    await new FileStorage(directory).write(sampleFiles(1));
    const { fs } = faultyFileSystem((operation) => operation === 1, 'EIO');
    const storage = new FileStorage(directory, fs);
    expect((await errorOf(storage.remove('tokenizer.json')))?.message).toMatch(/Cannot remove/);
    expect(await storage.has('tokenizer.json')).toBe(false);
  });
});
