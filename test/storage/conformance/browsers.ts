import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium, firefox, type InstalledBrowser } from '../../support/chromium.ts';
import { webkit } from '../../support/webkit.ts';

export interface NamedBrowser extends InstalledBrowser {
  readonly name: 'Chromium' | 'Firefox' | 'WebKit';
  /** Where `opfs://` is kept. WebKit's driver opens private windows, which have no such file system. */
  readonly opfs: 'opfs' | 'indexeddb';
}

export const browsers: readonly NamedBrowser[] = [
  { name: 'Chromium', opfs: 'opfs', ...chromium },
  { name: 'Firefox', opfs: 'opfs', ...firefox },
  { name: 'WebKit', opfs: 'indexeddb', ...webkit },
];

for (const { title, missing } of browsers) if (missing) console.warn(`storage in ${title}`);

/** What a server answers with: the type of the content, and the content. */
export type ServedFile = readonly [type: string, content: string | Uint8Array];

export interface PageServer {
  readonly address: string;
  close(): Promise<void>;
}

/** Serves files from this machine to itself: a secure context, as if by https. */
export async function servePages(
  find: (path: string) => ServedFile | undefined,
): Promise<PageServer> {
  const server = createServer((request, response) => {
    const file = find(new URL(request.url!, 'http://localhost').pathname);
    if (file === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': file[0] }).end(file[1]);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
