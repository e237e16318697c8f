import { execFile } from 'node:child_process';
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { films } from '../cli/runCli.ts';
import { type InstalledPackage, installPackage, root } from '../support/builtPackage.ts';

const run = promisify(execFile);
let installed: InstalledPackage;

beforeAll(async () => {
  installed = await installPackage();
  // As npm installs a `bin`.
  const { bin } = JSON.parse(await readFile(join(installed.location, 'package.json'), 'utf8'));
  await mkdir(join(installed.folder, 'node_modules/.bin'));
  for (const [name, file] of Object.entries(bin)) {
    const link = join(installed.folder, 'node_modules/.bin', name);
    await symlink(join(installed.location, file as string), link);
  }
});
afterAll(() => installed?.remove());

const inShell = (command: string) => run('sh', ['-c', command], { cwd: installed.folder });

describe('the command of the installed package', () => {
  it('runs by npx, and can be executed', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    expect((await inShell('npx --no-install anyformer --version')).stdout).toBe(`${version}\n`);
    const { mode } = await stat(join(installed.location, 'dist/cli.js'));
    expect(mode & 0o111).toBe(0o111);
  });

  it('does all that the readme and its page in the docs say of it', async () => {
    const [readme, page] = await Promise.all(
      ['README.md', 'docs/guide/command-line.md'].map((file) => readFile(join(root, file), 'utf8')),
    );
    const blockAfter = (text: string, heading: string) =>
      new RegExp(`^${heading}\\n[\\s\\S]*?^\`\`\`sh\\n([\\s\\S]*?)^\`\`\``, 'm').exec(text)![1]!;
    const commands = [
      blockAfter(readme!, '## On the command line'),
      'rm -r films-model\n',
      blockAfter(page!, '# Command line'),
      blockAfter(page!, '## Text generation and translation'),
    ].join('');
    expect(commands.match(/^npx anyformer \w+/gm)!.length).toBeGreaterThanOrEqual(10);
    for (const name of ['films.csv', 'heldOut.csv']) {
      await writeFile(join(installed.folder, name), films(60));
    }
    await writeFile(
      join(installed.folder, 'tales.txt'),
      'Once upon a time there was a king.\n'.repeat(80),
    );
    const pairs = Array.from({ length: 20 }, (_, n) => `number ${n}\tnumero ${n}\n`).join('');
    await writeFile(join(installed.folder, 'pairs.tsv'), `source\ttarget\n${pairs}`);
    const { stdout } = await inShell(`set -e\n${commands.replaceAll('npx', 'npx --no-install')}`);
    expect(stdout).toMatch(
      /saved in films-model[\s\S]*(positive|negative) 0\.\d{4}\tA quiet, lovely film\./,
    );
    expect(stdout).toMatch(/saved in tales-model\n[\s\S]+saved in pairs-model\n.+\n$/);
  });

  it('is nothing that a program which imports the package loads', async () => {
    const reached = new Set(['dist/index.js']);
    for (const file of reached) {
      const code = await readFile(join(installed.location, file), 'utf8');
      for (const { fileName } of ts.preProcessFile(code).importedFiles) {
        if (fileName.startsWith('.')) reached.add(join(file, '..', fileName));
      }
      // citty's, and the help's.
      expect(code).not.toMatch(/E_UNKNOWN_COMMAND|Usage: /);
    }
    expect(reached.size).toBeGreaterThan(2);
    expect(reached).not.toContain('dist/cli.js');
  });
});
