import { readFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { AnyformerError } from '../../core/errors.ts';
import type { Command } from '../command.ts';
import { number } from '../options.ts';
import { UsageError } from '../usageError.ts';

const USUAL_PORT = 8080;
/** Only this machine can connect. */
const HOST = '127.0.0.1';
const PAGE = '/demo/';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
};

/** The first two isolate the page, which gives it threads. */
const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-cache',
};

const options = {
  port: number(`The port to serve at. Default: ${USUAL_PORT}, or another where that is taken`),
};

/** `anyformer demo`: serves the page that trains in a browser, until it is interrupted. */
export const demo: Command<typeof options> = {
  name: 'demo',
  summary: 'Serves a page that trains a text classifier in your browser',
  usage: '[--port N]',
  groups: { Options: options },
  options,
  examples: [
    ['demo', 'Prints the address; Ctrl-C ends it'],
    ['demo --port 3000', 'At http://127.0.0.1:3000/'],
  ],
  async run({ values: { port }, output, signal, location }) {
    if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65535)) {
      throw new UsageError(`--port must be an integer from 0 to 65535, received ${port}.`);
    }
    const dist = new URL('dist/', location);
    await checkBuilt(dist);
    const server = await listening(dist, port);
    const address = `http://${HOST}:${(server.address() as AddressInfo).port}/`;
    await output.line(output.json ? JSON.stringify({ type: 'demo', address }) : address);
    output.note('Open it in a browser. Ctrl-C ends it.');
    await ended(signal);
    server.closeAllConnections();
    server.close();
    return 0;
  },
};

async function checkBuilt(dist: URL): Promise<void> {
  const page = new URL(`.${PAGE}index.html`, dist);
  await readFile(page).catch((cause) => {
    throw new AnyformerError(
      'STORAGE',
      `The demo's page is not in this copy of the package: ${page.pathname} cannot be read. Install the package anew; in the repository, run: npm run build`,
      { cause },
    );
  });
}

async function listening(dist: URL, port: number | undefined): Promise<Server> {
  try {
    return await listenAt(dist, port ?? USUAL_PORT);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (port === undefined && code === 'EADDRINUSE') return listenAt(dist, 0);
    const reason = code === 'EADDRINUSE' ? 'another program uses it' : (error as Error).message;
    throw new UsageError(
      `--port ${port} cannot be used: ${reason}. Leave --port out, or choose another.`,
    );
  }
}

function listenAt(dist: URL, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname === '/') return void response.writeHead(302, { Location: PAGE }).end();
    void send(dist, pathname, request.method === 'HEAD', response);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => resolve(server));
  });
}

/** Parsing the URL has removed every `..`, so the path stays inside of the folder. */
async function send(
  dist: URL,
  pathname: string,
  isHead: boolean,
  response: ServerResponse,
): Promise<void> {
  const name = pathname.endsWith('/') ? `${pathname}index.html` : pathname;
  const file = new URL(`.${name}`, dist);
  const type = TYPES[extname(name)];
  const isInside = file.href.startsWith(dist.href) && !/%2f|%5c/i.test(name);
  const content = type && isInside ? await readFile(file).catch(() => undefined) : undefined;
  if (content === undefined) {
    response.writeHead(404, { ...HEADERS, 'Content-Type': TYPES['.txt'] }).end('Not found\n');
    return;
  }
  const headers = { ...HEADERS, 'Content-Type': type, 'Content-Length': content.length };
  response.writeHead(200, headers).end(isHead ? undefined : content);
}

const ended = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
