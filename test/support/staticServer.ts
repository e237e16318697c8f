import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** What a site has, and how it serves that. */
export interface Site {
  /** Folders, by the path they are served below: `{ '/': 'examples/page', '/dist/': 'dist' }`. */
  readonly folders?: Readonly<Record<string, string>>;
  /** Files that are on no disk, by their paths. */
  readonly files?: Readonly<Record<string, string>>;
  /** The Content-Security-Policy. Default: none. */
  readonly policy?: string | undefined;
  /** With the headers that isolate a page, so that it has shared memory. Default: false. */
  readonly isolated?: boolean;
  /** Pages of other origins may read it: a CDN. Default: false. */
  readonly shared?: boolean;
  /** Ends of paths that are not found. */
  readonly missing?: readonly string[];
  /** Ends of paths whose connection is cut instead of an answer. */
  readonly cut?: readonly string[];
  /** Content types that differ from the usual, by the end of the file's name. */
  readonly types?: Readonly<Record<string, string>>;
}

export interface StaticServer {
  /** `http://127.0.0.1:…/` */
  readonly address: string;
  /** The paths that were asked for, in order. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Serves a site on a port of its own. What it is asked for outside of its folders is not found. */
export async function serveStatic(site: Site): Promise<StaticServer> {
  const requests: string[] = [];
  const endsIn = (ends: readonly string[] | undefined, path: string) =>
    ends?.some((end) => path.endsWith(end)) ?? false;
  const server = createServer(async ({ url }, response) => {
    const path = normalize(decodeURIComponent(new URL(url!, 'http://server').pathname));
    requests.push(path);
    if (endsIn(site.cut, path)) return void response.destroy();
    const body = endsIn(site.missing, path) ? undefined : await read(site, path);
    answer(response, body, { ...headersOf(site), 'Content-Type': typeOf(site, path) });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}/`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function read({ folders = {}, files = {} }: Site, path: string) {
  const known = files[path];
  if (known !== undefined) return known;
  const mount = Object.keys(folders)
    .filter((prefix) => path.startsWith(prefix))
    .sort((a, b) => b.length - a.length)[0];
  if (mount === undefined) return undefined;
  return readFile(join(folders[mount]!, path.slice(mount.length))).catch(() => undefined);
}

function headersOf({ policy, isolated, shared }: Site): Record<string, string> {
  return {
    'Cache-Control': 'no-store',
    ...(policy !== undefined && { 'Content-Security-Policy': policy }),
    ...(isolated && {
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    }),
    ...(shared && {
      'Access-Control-Allow-Origin': '*',
      'Cross-Origin-Resource-Policy': 'cross-origin',
    }),
  };
}

function typeOf({ types = {} }: Site, path: string): string {
  const special = Object.keys(types).find((end) => path.endsWith(end));
  if (special !== undefined) return types[special]!;
  return TYPES[extname(path)] ?? 'application/octet-stream';
}

function answer(
  response: ServerResponse,
  body: string | Buffer | undefined,
  headers: Record<string, string>,
): void {
  response.writeHead(body === undefined ? 404 : 200, {
    ...headers,
    ...(body === undefined && { 'Content-Type': 'text/plain' }),
  });
  response.end(body ?? 'not found');
}
