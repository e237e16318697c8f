import { spawn, spawnSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canAsk, confirm } from '../../src/cli/confirm.ts';
import { root, temporaryFolder } from '../support/builtPackage.ts';
import { errorOf } from '../support/errorOf.ts';
import { films, runCli, SMALL, weightsOf } from './runCli.ts';

const stream = (isTTY: boolean) => Object.assign(new PassThrough(), { isTTY });
const never = new AbortController().signal;

describe('a question', () => {
  it.each([
    ['y\n', true],
    ['Yes\n', true],
    ['\n', false],
    ['n\n', false],
    ['yesterday\n', false],
    ['', false],
  ])('takes %j as %s', async (typed, expected) => {
    const [input, output] = [stream(true), stream(true)];
    input.end(typed);
    expect(await confirm('Overwrite it?', never, { input, output })).toBe(expected);
    expect(String(output.read())).toBe('Overwrite it? [y/N] ');
  });

  it('is asked where a person reads and types', () => {
    expect(canAsk({ input: stream(true), output: stream(true) })).toBe(true);
    expect(canAsk({ input: stream(false), output: stream(true) })).toBe(false);
    expect(canAsk({ input: stream(true), output: stream(false) })).toBe(false);
  });

  it('ends with Ctrl-C', async () => {
    const controller = new AbortController();
    const asked = confirm('?', controller.signal, { input: stream(true), output: stream(true) });
    controller.abort();
    expect((await errorOf(asked)).code).toBe('ABORTED');
  });
});

// util-linux's `script` runs a command on a terminal.
const hasTerminal = /util-linux/.test(String(spawnSync('script', ['--version']).stdout));

describe.skipIf(!hasTerminal)('a model on a terminal', () => {
  let folder: string;
  const training = ['train', '--data', 'films.csv', '--output', 'model', ...SMALL];

  beforeAll(async () => {
    folder = await temporaryFolder();
    await writeFile(join(folder, 'films.csv'), films(64));
    expect((await runCli(training, folder)).code).toBe(0);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** Runs the command on a terminal and types once it asks. */
  function onTerminal(args: readonly string[], typed: string) {
    const command = [process.execPath, join(root, 'dist/cli.js'), ...args].join(' ');
    const child = spawn('script', ['-qec', command, '/dev/null'], { cwd: folder });
    let shown = '';
    child.stdout.on('data', (part) => {
      const isAsked = /\[y\/N\]/.test(shown);
      shown += part;
      if (!isAsked && /\[y\/N\]/.test(shown)) child.stdin.write(typed);
    });
    return new Promise<{ code: number | null; shown: string }>((resolve) => {
      child.once('close', (code) => resolve({ code, shown }));
    });
  }

  it('is overwritten after a yes alone', async () => {
    const before = await weightsOf(join(folder, 'model'));
    const other = [...training, '--seed', '7'];
    for (const [typed, code, message] of [
      ['n\n', 1, /model keeps its model; pass another --output/],
      // Ctrl-C.
      ['\x03', 130, /interrupted; nothing is changed/],
    ] as const) {
      const refused = await onTerminal(other, typed);
      expect(refused.shown).toMatch(/model holds a model\. Overwrite it\? \[y\/N\]/);
      expect(refused.shown).toMatch(message);
      expect(refused.code).toBe(code);
      expect(await weightsOf(join(folder, 'model'))).toBe(before);
    }
    const done = await onTerminal(other, 'y\n');
    expect(done.shown).toMatch(/saved in model/);
    expect(done.code).toBe(0);
    expect(await weightsOf(join(folder, 'model'))).not.toBe(before);
  });
});
