import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Browser, Page } from 'puppeteer-core';
import { findOnPath } from '../runtimes/support/find.mjs';
import type { InstalledBrowser } from './chromium.ts';

/** WebKitGTK's own small browser, which its driver starts; Debian keeps it beside the library. */
function findMiniBrowser(): string | undefined {
  for (const folder of ['/usr/lib', '/usr/libexec', '/usr/lib64']) {
    if (!existsSync(folder)) continue;
    const candidates = ['', ...readdirSync(folder)].flatMap((name) =>
      ['4.1', '4.0', '6.0'].map((version) => {
        const library = version === '6.0' ? 'webkitgtk-6.0' : `webkit2gtk-${version}`;
        return join(folder, name, library, 'MiniBrowser');
      }),
    );
    const found = candidates.find((path) => existsSync(path));
    if (found) return found;
  }
  return undefined;
}

const programs = {
  driver: findOnPath('WebKitWebDriver'),
  display: findOnPath('Xvfb'),
  bus: findOnPath('dbus-run-session'),
  browser: findMiniBrowser(),
};
const missing = Object.values(programs).every((path) => path !== undefined)
  ? undefined
  : 'apt-get install webkit2gtk-driver xvfb dbus';

/**
 * WebKit, the engine of Safari, as Debian has it. It is driven by WebDriver, which has less than
 * puppeteer: a page can be opened, reloaded, resized, closed and evaluated in, and nothing tells of its
 * console.
 */
export const webkit: InstalledBrowser = {
  title: missing ? `WebKit, left out: ${missing}` : 'WebKit',
  path: missing ? undefined : programs.driver,
  missing,
  launch: async () => (await WebKit.launch()) as object as Browser,
};

/** What Safari has switched on and WebKitGTK has not: the origin private file system. */
const FEATURES = [
  ...['StorageAPI', 'StorageAPIEstimate', 'FileSystem', 'AccessHandle'],
  'FileSystemWritableStream',
].join(',');

/** Milliseconds that a page may take to load, or to answer a script while it is busy. */
const TIMEOUT = 300_000;

class WebKit {
  /** A command goes to the window that was chosen last, so commands run one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  readonly #closing: (() => void)[] = [];
  #session = '';
  /** The window that is there from the start, and stays. */
  #first = '';

  static async launch(): Promise<WebKit> {
    const browser = new WebKit();
    try {
      await browser.#start();
    } catch (error) {
      browser.#stop();
      throw error;
    }
    return browser;
  }

  async #start(): Promise<void> {
    const display = spawn(
      programs.display!,
      ['-displayfd', '3', '-screen', '0', '1400x1000x24', '-nolisten', 'tcp'],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] },
    );
    this.#closing.push(() => display.kill());
    const number = await firstLine(display.stdio[3] as Readable, display);
    const port = await freePort();
    const driver = spawn(
      programs.bus!,
      ['--', programs.driver!, '--host=127.0.0.1', `--port=${port}`],
      {
        // Its children are stopped with it.
        detached: true,
        stdio: 'ignore',
        env: {
          ...process.env,
          DISPLAY: `:${number}`,
          WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
          WEBKIT_DISABLE_COMPOSITING_MODE: '1',
          LIBGL_ALWAYS_SOFTWARE: '1',
        },
      },
    );
    this.#closing.push(() => stopGroup(driver));
    const address = `http://127.0.0.1:${port}/session`;
    const options = { binary: programs.browser, args: ['--automation', `--features=${FEATURES}`] };
    const body = { capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': options } } };
    const { sessionId } = await startSession(address, body);
    this.#session = `${address}/${sessionId}`;
    this.#first = await this.#send('GET', 'window');
    await this.#send('POST', 'timeouts', { script: TIMEOUT, pageLoad: TIMEOUT });
  }

  async newPage(): Promise<Page> {
    const made = await this.#inWindow(this.#first, 'POST', 'window/new', { type: 'window' });
    const { handle } = made as { handle: string };
    return new WebKitPage((method, path, body) =>
      this.#inWindow(handle, method, path, body),
    ) as object as Page;
  }

  async close(): Promise<void> {
    await fetch(this.#session, { method: 'DELETE' }).catch(() => {});
    this.#stop();
  }

  #stop(): void {
    for (const stop of this.#closing.splice(0).reverse()) stop();
  }

  #inWindow(handle: string, ...command: Command): Promise<unknown> {
    const done = this.#last.then(async () => {
      await this.#send('POST', 'window', { handle });
      return this.#send(...command);
    });
    this.#last = done.catch(() => {});
    return done;
  }

  // biome-ignore lint/suspicious/noExplicitAny: what a driver answers is different for each command.
  #send(method: string, path: string, body?: object): Promise<any> {
    return send(`${this.#session}/${path}`, method, body);
  }
}

type Evaluated = (...args: never[]) => unknown;
type Command = [method: string, path: string, body?: object];

/** A function with the value of an expression, or that runs statements. */
function asFunction(code: string): string {
  const withValue = `async () => (${code.trim().replace(/;$/, '')}\n)`;
  try {
    new Function(withValue);
    return withValue;
  } catch {
    return `async () => { ${code}\n }`;
  }
}

/** WebDriver's codes of keys that are no characters. */
const KEYS: Readonly<Record<string, string>> = { Tab: '\uE004', Enter: '\uE007' };

/** What the tests use of puppeteer's page. */
class WebKitPage {
  readonly #send: (...command: Command) => Promise<unknown>;
  #calls = 0;

  constructor(send: (...command: Command) => Promise<unknown>) {
    this.#send = send;
  }

  on(): void {}

  async goto(url: string): Promise<void> {
    await this.#send('POST', 'url', { url });
  }

  async reload(): Promise<void> {
    await this.#send('POST', 'refresh', {});
  }

  async close(): Promise<void> {
    await this.#send('DELETE', 'window');
  }

  async setViewport({ width, height }: { width: number; height: number }): Promise<void> {
    const outside = (await this.evaluate(
      '[outerWidth - innerWidth, outerHeight - innerHeight]',
    )) as [number, number];
    await this.#send('POST', 'window/rect', {
      width: width + outside[0],
      height: height + outside[1],
    });
  }

  async screenshot({ path }: { path: string }): Promise<void> {
    const { writeFile } = await import('node:fs/promises');
    const image = (await this.#send('GET', 'screenshot')) as string;
    await writeFile(path, Buffer.from(image, 'base64'));
  }

  /** The value of an expression or of a function, or of its promise. Others can run beside it. */
  async evaluate(what: string | Evaluated, ...args: readonly unknown[]): Promise<unknown> {
    const expression =
      typeof what === 'string'
        ? what
        : `(${what})(...${JSON.stringify(args)}.map((arg) => arg ?? undefined))`;
    const id = `call${++this.#calls}`;
    await this.#execute(`
      const calls = (globalThis[Symbol.for('calls of the test')] ??= {});
      (${asFunction(expression)})().then(
        (value) => { calls.${id} = { value: JSON.stringify(value) }; },
        (error) => { calls.${id} = { error: String(error?.stack ? error + '\\n' + error.stack : error) }; },
      );`);
    for (let pause = 2; ; pause = Math.min(2 * pause, 100)) {
      const answer = (await this.#execute(`
        const calls = globalThis[Symbol.for('calls of the test')];
        if (!calls) return { error: 'The page was left before it answered.' };
        const answer = calls.${id};
        delete calls.${id};
        return answer ?? null;`)) as { value?: string; error?: string } | null;
      if (answer?.error !== undefined) throw new Error(answer.error);
      // The driver makes null of undefined.
      if (answer) return answer.value == null ? undefined : JSON.parse(answer.value);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  async waitForFunction(what: string | Evaluated, { polling = 20 } = {}): Promise<void> {
    while (!(await this.evaluate(what))) await new Promise((next) => setTimeout(next, polling));
  }

  /** Keys by their names, as puppeteer has them. */
  readonly keyboard = {
    press: (name: string) => this.#pressKeys([KEYS[name] ?? name]),
    type: (text: string) => this.#pressKeys([...text]),
  };

  async #pressKeys(keys: readonly string[]): Promise<void> {
    const actions = keys.flatMap((value) => [
      { type: 'keyDown', value },
      { type: 'keyUp', value },
    ]);
    await this.#send('POST', 'actions', { actions: [{ type: 'key', id: 'keyboard', actions }] });
  }

  #execute(script: string): Promise<unknown> {
    return this.#send('POST', 'execute/sync', { script, args: [] });
  }
}

async function send(address: string, method: string, body?: object) {
  const response = await fetch(address, {
    method,
    ...(body && { body: JSON.stringify(body) }),
    headers: { 'Content-Type': 'application/json' },
  });
  const { value } = (await response.json()) as {
    // biome-ignore lint/suspicious/noExplicitAny: different for each command.
    value: any;
  };
  if (!response.ok) throw new Error(`${method} ${address}: ${value?.error}, ${value?.message}`);
  return value;
}

/** The driver takes a moment until it listens. */
async function startSession(address: string, body: object): Promise<{ sessionId: string }> {
  const end = Date.now() + 30_000;
  for (;;) {
    try {
      return await send(address, 'POST', body);
    } catch (error) {
      if (!(error instanceof TypeError) || Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

const firstLine = (stream: Readable, child: ChildProcess) =>
  new Promise<string>((resolve, reject) => {
    let text = '';
    stream.on('data', (part) => {
      text += part;
      if (text.includes('\n')) resolve(text.trim());
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`Xvfb ended with ${code}`)));
  });

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

function stopGroup({ pid }: ChildProcess): void {
  try {
    process.kill(-pid!, 'SIGTERM');
  } catch {
    // It has ended.
  }
}
