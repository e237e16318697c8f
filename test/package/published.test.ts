import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deno } from '../runtimes/hosts/deno.mjs';
import { findInstalled, findOnPath } from '../runtimes/support/find.mjs';
import { type InstalledPackage, installPackage } from '../support/builtPackage.ts';

const run = promisify(execFile);

let installed: InstalledPackage;
beforeAll(async () => {
  installed = await installPackage();
});
afterAll(() => installed?.remove());

describe('the package, as it would be published', () => {
  it('is clean by publint', async () => {
    const { messages, pkg } = await publint({
      pkgDir: installed.location,
      pack: false,
      strict: true,
    });
    expect(messages.map((message) => formatMessage(message, pkg as never))).toEqual([]);
  });

  it('has types that are right by attw, for modules', async () => {
    const attw = findInstalled('@arethetypeswrong/cli/dist/index.js')!;
    const packed = join(installed.folder, 'anyformer-0.1.0.tgz');
    const args = [attw, packed, '--profile', 'esm-only', '--format', 'ascii', '--no-color'];
    const { code = 0, stdout } = await run(process.execPath, args).catch((error) => error);
    expect(stdout).toContain('"anyformer/tf"');
    expect(code, stdout).toBe(0);
  });

  const title = deno.missing ? `, left out: ${deno.missing}` : '';
  it.skipIf(deno.missing)(`resolves and checks in Deno${title}`, async () => {
    const binary = findInstalled('@deno/linux-x64-glibc/deno') ?? findOnPath('deno')!;
    const consumer = join(installed.folder, 'consumer.ts');
    const check = async (options: string) => {
      await writeFile(
        consumer,
        `import { type LabelScore, TextClassifier } from 'anyformer';
         import { terminalProgress } from 'anyformer/terminal';
         const classifier = await TextClassifier.create(${options});
         await classifier.train([{ text: 'a', label: 'b' }], { onProgress: terminalProgress() });
         export const one: LabelScore[] = await classifier.predict('a');`,
      );
      const args = ['check', '--quiet', '--no-remote', '--node-modules-dir=manual', consumer];
      const env = { ...process.env, NO_COLOR: '1' };
      return run(binary, args, { cwd: installed.folder, env }).then(
        () => 'clean',
        ({ stderr }) => stderr as string,
      );
    };
    expect(await check('{ maxLength: 8 }')).toBe('clean');
    expect(await check("{ maxLength: '8' }")).toMatch(/TS2322/);
  });
});
