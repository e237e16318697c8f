import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** What the server does to a page, by the query of the page's address and of what it asks for. */
export interface PageServer {
  /** `http://127.0.0.1:…/` */
  readonly address: string;
  close(): Promise<void>;
}

/** How a folder is served. */
export interface Serving {
  /** With the headers that isolate a page, so that it has shared memory. */
  readonly isolated: boolean;
  /** Files that are not found. */
  readonly missing?: readonly string[];
  /** The type of .wasm files. Default: `application/wasm`. */
  readonly wasmType?: string;
  /** Default: `script-src 'self' 'wasm-unsafe-eval'`. */
  readonly policy?: string;
}

/** Serves a folder as a careful site does: scripts and workers are its own files or none. */
export async function servePages(folder: string, serving: Serving): Promise<PageServer> {
  const headers: Record<string, string> = {
    'Content-Security-Policy': serving.policy ?? "script-src 'self' 'wasm-unsafe-eval'",
    'Cache-Control': 'no-store',
  };
  if (serving.isolated) {
    headers['Cross-Origin-Opener-Policy'] = 'same-origin';
    headers['Cross-Origin-Embedder-Policy'] = 'require-corp';
  }
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url!, 'http://server').pathname);
    try {
      if (serving.missing?.some((file) => path.endsWith(file))) throw new Error('not found');
      const type = TYPES[extname(path)] ?? 'application/octet-stream';
      const body = await readFile(join(folder, path));
      const isWasm = extname(path) === '.wasm';
      response.writeHead(200, {
        ...headers,
        'Content-Type': isWasm ? (serving.wasmType ?? type) : type,
      });
      response.end(body);
    } catch {
      response.writeHead(404, headers).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
