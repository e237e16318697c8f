import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, launch } from 'puppeteer-core';
import { findChromium, findOnPath } from '../../runtimes/support/find.mjs';

export interface InstalledBrowser {
  readonly name: 'Chromium' | 'Firefox';
  /** Undefined where there is none. */
  readonly path: string | undefined;
}

export const browsers: readonly InstalledBrowser[] = [
  { name: 'Chromium', path: findChromium() },
  {
    name: 'Firefox',
    path: process.env.FIREFOX ?? findOnPath('firefox') ?? findOnPath('firefox-esr'),
  },
];

for (const { name, path } of browsers) {
  if (path !== undefined) continue;
  const [debian, variable] =
    name === 'Firefox' ? ['firefox-esr', 'FIREFOX'] : ['chromium', 'CHROMIUM'];
  console.warn(
    `left out: storage in ${name} (install your system's, Debian's is "apt-get install ${debian}", or set ${variable} to its path)`,
  );
}

export function start({ name, path }: InstalledBrowser): Promise<Browser> {
  return name === 'Firefox'
    ? launch({ browser: 'firefox', executablePath: path!, headless: true })
    : launch({ executablePath: path!, headless: true, args: ['--no-sandbox'] });
}

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
