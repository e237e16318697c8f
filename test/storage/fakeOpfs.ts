import type { OpfsHost } from '../../src/storage/opfsStorage.ts';

export interface Folder extends Map<string, Folder | Uint8Array> {}

const failure = (name: string) => new DOMException(`${name}: injected`, name);

/**
 * An origin private file system in memory, which lets the operations fail that `fails` names by
 * their number. What happens when nothing fails is tested in Chromium; here it is what happens when
 * something does.
 */
export function fakeOpfs(
  root: Folder,
  fails: (operation: number) => string | undefined = () => undefined,
) {
  const done: string[] = [];
  const step = (what: string) => {
    done.push(what);
    const name = fails(done.length - 1);
    if (name !== undefined) throw failure(name);
  };

  const directory = (folder: Folder) => ({
    kind: 'directory' as const,
    async getDirectoryHandle(name: string, { create = false } = {}) {
      step('getDirectoryHandle');
      if (!folder.has(name) && create) folder.set(name, new Map());
      const found = folder.get(name);
      if (found === undefined) throw failure('NotFoundError');
      if (!(found instanceof Map)) throw failure('TypeMismatchError');
      return directory(found);
    },
    async getFileHandle(name: string, { create = false } = {}) {
      step('getFileHandle');
      if (!folder.has(name) && create) folder.set(name, new Uint8Array(0));
      if (!folder.has(name)) throw failure('NotFoundError');
      return file(folder, name);
    },
    async removeEntry(name: string) {
      step('removeEntry');
      if (!folder.delete(name)) throw failure('NotFoundError');
    },
    async *entries() {
      for (const [name, value] of folder) {
        yield [name, value instanceof Map ? directory(value) : file(folder, name)] as const;
      }
    },
    async *keys() {
      yield* folder.keys();
    },
  });

  const file = (folder: Folder, name: string) => ({
    kind: 'file' as const,
    async getFile() {
      step('getFile');
      return new Blob([folder.get(name) as Uint8Array<ArrayBuffer>]);
    },
    async createWritable() {
      step('createWritable');
      let written: Uint8Array = new Uint8Array(0);
      return {
        async write(bytes: Uint8Array) {
          step('write');
          // Behind what was written before, as the browser's does.
          written = Uint8Array.from([...written, ...bytes]);
        },
        async close() {
          step('close');
          folder.set(name, written);
        },
        async abort() {
          step('abort');
        },
      };
    },
  });

  const host = {
    storage: {
      async getDirectory() {
        step('getDirectory');
        return directory(root);
      },
    },
    locks: { request: (_: string, run: () => unknown) => run() },
  };
  return { host: host as unknown as OpfsHost, done };
}
