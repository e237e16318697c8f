import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { json } from 'node:stream/consumers';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/** Milliseconds that a page is waited for. */
const PATIENCE = 60_000;

/**
 * Serves a folder whose files a browser keeps for a year. A page tells what it found by a POST.
 *
 * @param options.isolated whether its pages may have threads.
 * @returns its address, the paths that were asked for, `found` for what is told next, and `close`.
 */
export async function serveCached(folder, { isolated }) {
  const asked = [];
  let hear = () => {};
  const headers = {
    'Cache-Control': 'max-age=31536000, immutable',
    ...(isolated && {
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    }),
  };
  const server = createServer(async (request, response) => {
    if (request.method === 'POST') {
      hear(await json(request));
      return response.writeHead(204).end();
    }
    const { pathname } = new URL(request.url, 'http://site');
    asked.push(pathname);
    const body = await readFile(path.join(folder, pathname)).catch(() => undefined);
    const type = TYPES[path.extname(pathname)] ?? 'application/octet-stream';
    return response.writeHead(body ? 200 : 404, { ...headers, 'Content-Type': type }).end(body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    asked,
    found: () =>
      new Promise((resolve, reject) => {
        const late = () => reject(new Error(`The page told nothing within ${PATIENCE} ms.`));
        const timer = setTimeout(late, PATIENCE);
        hear = (found) => {
          clearTimeout(timer);
          resolve(found);
        };
      }),
    close: () => server.close().closeAllConnections(),
  };
}
