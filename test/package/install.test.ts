import { execFile } from 'node:child_process';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root, runNode, temporaryFolder } from '../support/builtPackage.ts';

const run = promisify(execFile);

let folder: string;
let said: string;

/** What a newcomer does: an empty folder, and `npm install`. */
beforeAll(async () => {
  folder = await temporaryFolder();
  await writeFile(join(folder, 'package.json'), '{ "type": "module", "private": true }');
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const [{ filename }] = JSON.parse((await run('npm', pack, { cwd: root })).stdout);
  const install = ['install', `./${filename}`, '--no-audit', '--no-fund', '--offline'];
  const { stdout, stderr } = await run('npm', install, { cwd: folder });
  said = stdout + stderr;
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('an installation into an empty folder', () => {
  it('is one package without a warning and without scripts, of at most 12 MB', async () => {
    expect(said.trim()).toMatch(/^added 1 package in \S+$/);
    const manifest = JSON.parse(
      await readFile(join(folder, 'node_modules/anyformer/package.json'), 'utf8'),
    );
    expect(manifest.dependencies).toBeUndefined();
    const onInstall = ['preinstall', 'install', 'postinstall', 'prepare'];
    expect(Object.keys(manifest.scripts).filter((name) => onInstall.includes(name))).toEqual([]);
    const files = await readdir(join(folder, 'node_modules'), {
      recursive: true,
      withFileTypes: true,
    });
    const sizes = await Promise.all(
      files.map(async (file) =>
        file.isFile() ? (await stat(join(file.parentPath, file.name))).size : 0,
      ),
    );
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    console.info(`installed: ${bytes} bytes`);
    expect(bytes).toBeGreaterThan(1e6);
    expect(bytes).toBeLessThanOrEqual(12e6);
  });

  it('trains on a csv with bad rows, predicts, saves and loads', { timeout: 60_000 }, async () => {
    const rows = Array.from({ length: 40 }, (_, n) =>
      n % 2
        ? `"My parcel ${n} is late, again",delivery`
        : `I was charged twice in week ${n},billing`,
    );
    const csv = ['text,label', ...rows, ',billing', 'no label at all,', '"",""'];
    await writeFile(join(folder, 'tickets.csv'), csv.join('\n'));
    await writeFile(
      join(folder, 'first.js'),
      `import { TextClassifier } from 'anyformer';
const classifier = await TextClassifier.create();
const { heldOut, warnings } = await classifier.train('tickets.csv');
await classifier.save('./model');
const again = await TextClassifier.load('./model');
const [best] = await again.predict('Where is my parcel?');
console.log(JSON.stringify({ best, accuracy: heldOut.accuracy, codes: warnings.map((w) => w.code) }));`,
    );
    const { code, stdout, stderr } = await runNode(['first.js'], folder);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { best, accuracy, codes } = JSON.parse(stdout);
    expect(best.label).toBe('delivery');
    expect(accuracy).toBeGreaterThan(0.9);
    expect(codes).toContain('ROWS_LEFT_OUT');
  });

  it('shows a misuse in lines that a person can read', async () => {
    await writeFile(
      join(folder, 'misuse.js'),
      `import { TextClassifier } from 'anyformer';\nawait TextClassifier.create({ maxLenght: 10 });`,
    );
    const { code, stderr } = await runNode(['misuse.js'], folder);
    expect(code).toBe(1);
    expect(stderr).toContain("unknown option 'maxLenght'; did you mean 'maxLength'?");
    expect(stderr.length).toBeLessThan(3000);
    expect(Math.max(...stderr.split('\n').map((line) => line.length))).toBeLessThan(400);
  });
});
