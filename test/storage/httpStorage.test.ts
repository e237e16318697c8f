import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpStorage } from '../../src/storage/httpStorage.ts';
import type { ByteProgress } from '../../src/storage/storage.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const model = new Uint8Array(300_000).map((_, i) => i % 251);

describe('HttpStorage', () => {
  it('reads a file below the address, keeps its query, and counts bytes', async () => {
    const asked: (string | undefined)[] = [];
    const address = await serve((request, response) => {
      asked.push(request.url);
      response.writeHead(200, { 'content-length': model.length });
      response.end(model);
    });
    const storage = new HttpStorage(`${address}/models/spam/?token=secret`);
    const seen: ByteProgress[] = [];
    const bytes = await storage.read('model.safetensors', { onProgress: (x) => seen.push(x) });
    expect(bytes).toEqual(model);
    expect(asked).toEqual(['/models/spam/model.safetensors?token=secret']);
    expect(storage.location).not.toContain('secret');
    expect(seen.at(-1)).toEqual({
      name: 'model.safetensors',
      loadedBytes: model.length,
      totalBytes: model.length,
    });
    expect(seen.every((x, i) => i === 0 || x.loadedBytes >= seen[i - 1]!.loadedBytes)).toBe(true);
  });

  it('reads what comes without a length, or empty', async () => {
    const address = await serve((request, response) => {
      if (request.url === '/chunks.bin') {
        response.write(model.subarray(0, 1000));
        response.end(model.subarray(1000));
      } else response.end();
    });
    const storage = new HttpStorage(new URL(address));
    expect(await storage.read('chunks.bin')).toEqual(model);
    expect(await storage.read('empty.bin')).toEqual(new Uint8Array(0));
  });

  it.each([
    [404, 'STORAGE', /answered 404 Not Found for config\.json\. There is no such file/],
    [403, 'STORAGE', /answered 403 Forbidden for config\.json\. Access is refused/],
    [500, 'STORAGE', /answered 500 .*Try again later/],
  ])('turns status %i into a clear error', async (status, code, message) => {
    const address = await serve((_, response) => response.writeHead(status).end('no'));
    await expect(new HttpStorage(address).read('config.json')).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it.each(['text/html; charset=utf-8', 'application/octet-stream'])(
    'refuses a web page sent as %s instead of a model',
    async (type) => {
      const address = await serve((_, response) =>
        response.writeHead(200, { 'content-type': type }).end('\n<!DOCTYPE html><html></html>'),
      );
      await expect(new HttpStorage(address).read('model.safetensors')).rejects.toMatchObject({
        code: 'INVALID_FILE',
        message: expect.stringMatching(/a web page instead of model\.safetensors/),
      });
    },
  );

  it('says why nobody answers', async () => {
    const address = await serve(() => undefined);
    server?.close();
    await expect(new HttpStorage(address).read('config.json')).rejects.toMatchObject({
      code: 'STORAGE',
      message: expect.stringMatching(/could not be reached for config\.json \(.*ECONNREFUSED.*\)/),
    });
  });

  // With somebody who is told of its pieces it is read another way.
  describe.each([
    ['in pieces', { onProgress: () => {} }],
    ['as a whole', {}],
  ])('%s', (_, options) => {
    it('refuses a body that breaks off', async () => {
      const address = await serve((_, response) => {
        response.writeHead(200, { 'content-length': model.length });
        response.write(model.subarray(0, 1000), () => response.destroy());
      });
      const reading = new HttpStorage(address).read('model.safetensors', options);
      await expect(reading).rejects.toMatchObject({
        code: 'STORAGE',
        message: expect.stringMatching(/could not be reached for model\.safetensors/),
      });
    });

    it('stops when its signal fires: before, and in the middle of the body', async () => {
      const controller = new AbortController();
      const address = await serve((_, response) => {
        response.write(model.subarray(0, 1000), () => {
          setTimeout(() => controller.abort('enough'), 50);
        });
      });
      const storage = new HttpStorage(address);
      const early = storage.read('x', { ...options, signal: AbortSignal.abort() });
      await expect(early).rejects.toMatchObject({ code: 'ABORTED' });
      const reading = storage.read('x', { ...options, signal: controller.signal });
      await expect(reading).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
    });
  });

  it('knows what is there, also from servers without HEAD and with a start page for all', async () => {
    const address = await serve((request, response) => {
      const [, kind] = request.url!.split('/');
      if (kind === 'plain') response.writeHead(request.url!.endsWith('config.json') ? 200 : 404);
      if (kind === 'get') response.writeHead(request.method === 'GET' ? 200 : 405);
      if (kind === 'page') response.writeHead(200, { 'content-type': 'text/html' });
      if (kind === 'broken') response.writeHead(500);
      response.end();
    });
    expect(await new HttpStorage(`${address}/plain`).has('config.json')).toBe(true);
    expect(await new HttpStorage(`${address}/plain`).has('tokenizer.json')).toBe(false);
    expect(await new HttpStorage(`${address}/get`).has('config.json')).toBe(true);
    expect(await new HttpStorage(`${address}/page`).has('config.json')).toBe(false);
    await expect(new HttpStorage(`${address}/broken`).has('config.json')).rejects.toThrow(/500/);
  });

  it('takes a fetch of the caller, called as a plain function', async () => {
    const urls: string[] = [];
    const fetch = function (this: unknown, input: RequestInfo | URL) {
      expect(this).toBeUndefined();
      urls.push(String(input));
      return Promise.resolve(new Response(Uint8Array.of(1, 2)));
    };
    const storage = new HttpStorage('https://example.org/m', fetch);
    expect(await storage.read('a b.bin')).toEqual(Uint8Array.of(1, 2));
    expect(urls).toEqual(['https://example.org/m/a%20b.bin']);
  });

  it('is for reading only', async () => {
    const storage = new HttpStorage('https://example.org/m');
    for (const action of [storage.write(), storage.list(), storage.remove()]) {
      await expect(action).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    }
    await expect(storage.read('../secret')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
