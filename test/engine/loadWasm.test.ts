import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadWasm, type WasmModules } from '../../src/engine/loadWasm.ts';
import { isWasmModule } from '../../src/engine/wasmModule.ts';
import { FileStorage } from '../../src/storage/fileStorage.ts';
import { root } from '../support/builtPackage.ts';

const FILE = 'anyformer.simd.wasm';
const PATH = `${root}dist/wasm/${FILE}`;
const own = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
const host = {
  name: 'test',
  loadWasm: vi.fn(async () => own),
  openPath: (path: string | URL) => new FileStorage(path),
};
const load = (modules: WasmModules) => loadWasm(FILE, modules, host);

let server: Server;
let address: (path: string) => URL;
beforeAll(async () => {
  const answers: Record<string, [number, string, Uint8Array | string]> = {
    '/right.wasm': [200, 'application/wasm', await readFile(PATH)],
    '/wrong-type.wasm': [200, 'application/octet-stream', await readFile(PATH)],
    '/torn.wasm': [200, 'application/wasm', (await readFile(PATH)).subarray(0, 1000)],
    '/page.wasm': [200, 'text/html; charset=utf-8', '<!doctype html>'],
  };
  server = createServer(({ url }, response) => {
    const [status, type, body] = answers[url!.split('?')[0]!] ?? [404, 'text/plain', 'not found'];
    response.writeHead(status, { 'content-type': type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  address = (path) => new URL(path, `http://127.0.0.1:${port}`);
});
afterAll(() => server.close());

describe('a file', () => {
  it('comes the way of the host where nothing is given for it', async () => {
    expect(await load({})).toBe(own);
    expect(await load({ 'anyformer.relaxed.wasm': new Uint8Array(1) })).toBe(own);
    expect(host.loadWasm).toHaveBeenCalledWith(FILE);
  });

  it('is given as bytes, a module, or a function', async () => {
    const bytes = await readFile(PATH);
    const module = await WebAssembly.compile(bytes);
    expect(await load({ [FILE]: bytes })).toBe(bytes);
    expect(await load({ [FILE]: bytes.buffer })).toBe(bytes.buffer);
    expect(await load({ [FILE]: module })).toBe(module);
    expect(await load({ [FILE]: async () => module })).toBe(module);
    const give = vi.fn(() => bytes);
    expect(await load(give)).toBe(bytes);
    expect(give).toHaveBeenCalledWith(FILE);
  });

  it('is fetched from a URL, whatever type the server calls it by', async () => {
    for (const path of ['/right.wasm', '/wrong-type.wasm']) {
      expect(isWasmModule(await load({ [FILE]: address(path) })), path).toBe(true);
    }
    expect(isWasmModule(await load(() => address('/right.wasm')))).toBe(true);
  });

  it('is read from a file URL', async () => {
    expect(await load({ [FILE]: pathToFileURL(PATH) })).toEqual(
      new Uint8Array(await readFile(PATH)),
    );
  });
});

describe('a file that cannot be had', () => {
  const failure = async (modules: WasmModules) =>
    load(modules).then(
      () => undefined,
      (e) => e,
    );

  it.each([
    ['/missing.wasm?secret', /could not be loaded: http:\/\/[\d.:]+\/missing.wasm answered 404\. /],
    ['/page.wasm', /could not be loaded: .*\/page.wasm answered with a web page\. .*modules/],
    ['/torn.wasm', /anyformer.simd.wasm could not be started: .*Check that the file is complete/],
  ])('%s is named, and what to do', async (path, message) => {
    const error = await failure({ [FILE]: address(path) });
    expect(error).toMatchObject({ code: 'ENGINE', message: expect.stringMatching(message) });
    expect(error.message).not.toContain('secret');
  });

  it('is an engine error too where the server, the disk or the function fails', async () => {
    const away = new URL('http://127.0.0.1:9/a.wasm');
    const missing = pathToFileURL(`${root}dist/wasm/none.wasm`);
    const throwing = () => {
      throw new Error('no module today');
    };
    for (const given of [away, missing, throwing]) {
      const error = await failure({ [FILE]: given });
      expect(error).toMatchObject({
        code: 'ENGINE',
        message: expect.stringMatching(/^anyformer.simd.wasm could not be loaded: /),
      });
      expect(error.cause).toBeInstanceOf(Error);
    }
  });

  it('is a wrong argument where the function gives nothing of use', async () => {
    for (const given of [undefined, './a.wasm', { default: own }]) {
      expect(await failure(() => given as never)).toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(/anyformer.simd.wasm must be given as .*received/),
      });
    }
  });
});

describe('a file that stands within the program, too', () => {
  const within = new Uint8Array(own);
  const loadFrom = async (path: string, unpackWasm: () => Promise<Uint8Array<ArrayBuffer>>) => {
    const reasons: string[] = [];
    const twice = { ...host, loadWasm: async () => address(path), unpackWasm };
    const found = await loadWasm(FILE, {}, twice, (reason) => reasons.push(reason));
    return { found, reasons };
  };

  it('is taken from there where the other one is not found, and says so', async () => {
    for (const [path, answer] of [
      ['/missing.wasm', '404'],
      ['/page.wasm', 'with a web page'],
    ] as const) {
      const { found, reasons } = await loadFrom(path, async () => within);
      expect(found).toBe(within);
      expect(reasons).toEqual([expect.stringContaining(`${path} answered ${answer}`)]);
    }
  });

  it('is not asked for where the other one is found, or the user gives one', async () => {
    const unpackWasm = vi.fn(async () => within);
    expect(isWasmModule((await loadFrom('/right.wasm', unpackWasm)).found)).toBe(true);
    await expect(loadFrom('/torn.wasm', unpackWasm)).rejects.toMatchObject({ code: 'ENGINE' });
    const given = loadWasm(FILE, { [FILE]: address('/missing.wasm') }, { ...host, unpackWasm });
    await expect(given).rejects.toThrow(/answered 404/);
    expect(unpackWasm).not.toHaveBeenCalled();
  });

  it('adds nothing to what was wrong where it cannot be had either', async () => {
    const unpackWasm = () => Promise.reject(new Error('no such chunk'));
    await expect(loadFrom('/missing.wasm', unpackWasm)).rejects.toMatchObject({
      code: 'ENGINE',
      message: expect.stringMatching(/missing\.wasm answered 404/),
    });
  });
});
