import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openData } from '../../src/cli/dataSource.ts';
import { temporaryFolder } from '../support/builtPackage.ts';
import { errorOf } from '../support/errorOf.ts';
import { films, runCli, SMALL, weightsOf } from './runCli.ts';

let folder: string;
const zip = (name: string, files: Readonly<Record<string, string>>) =>
  writeFile(
    join(folder, name),
    zipSync(Object.fromEntries(Object.entries(files).map(([file, text]) => [file, strToU8(text)]))),
  );

/** The table as it is opened: its name, format and text. */
async function opened(name: string, format?: string) {
  const source = await openData(join(folder, name), format, 'txt');
  const parts: Uint8Array[] = [];
  for await (const part of source.bytes) parts.push(part);
  const text = Buffer.concat(parts).toString();
  return { name: source.name.replace(`${folder}/`, ''), format: source.format, text };
}

beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a zip as data', () => {
  it('is the first table in it, without what macOS and readers add', async () => {
    await zip('films.zip', {
      '__MACOSX/data/._films.csv': 'no table',
      '.hidden.csv': 'no table',
      'data/': '',
      'data/.DS_Store': 'no table',
      'data/readme.md': 'no table',
      'data/films.TSV': 'text\tlabel\n',
      'data/more.csv': 'text,label\n',
    });
    expect(await opened('films.zip')).toEqual({
      name: 'data/films.TSV in films.zip',
      format: 'tsv',
      text: 'text\tlabel\n',
    });
    expect(await opened('films.zip', 'csv')).toMatchObject({ name: 'data/more.csv in films.zip' });
  });

  it('says what is inside when there is no table', async () => {
    await zip('pictures.zip', { 'a.png': 'x', 'b/c.png': 'y', '__MACOSX/d.csv': 'z' });
    const { code, message } = await errorOf(opened('pictures.zip'));
    expect(code).toBe('INVALID_DATA');
    expect(message).toMatch(/pictures.zip has no file of data inside; it holds a.png, b\/c.png\./);
    await zip('empty.zip', {});
    expect((await errorOf(opened('empty.zip'))).message).toMatch(/it is empty/);
  });

  it('refuses what is none', async () => {
    await writeFile(join(folder, 'torn.zip'), 'no zip');
    const torn = await errorOf(opened('torn.zip'));
    expect(torn.code).toBe('INVALID_FILE');
    expect(torn.message).toMatch(/torn.zip is no zip archive, or is torn/);
    const none = await errorOf(opened('none.zip'));
    expect(none.code).toBe('STORAGE');
    expect(none.message).toMatch(/none.zip cannot be read: /);
  });

  it('trains, predicts and evaluates as the table inside does', async () => {
    await zip('packed.zip', { 'films.csv': films(64) });
    await writeFile(join(folder, 'films.csv'), films(64));
    for (const data of ['packed.zip', 'films.csv']) {
      const args = ['train', '--data', data, '--output', data.slice(0, 5), ...SMALL];
      expect(await runCli(args, folder)).toMatchObject({ code: 0, stderr: '' });
    }
    expect(await weightsOf(join(folder, 'packe'))).toBe(await weightsOf(join(folder, 'films')));
    for (const command of ['predict', 'evaluate']) {
      const args = [command, '--model', 'films', '--json', '--data'];
      const [packed, plain] = await Promise.all([
        runCli([...args, 'packed.zip'], folder),
        runCli([...args, 'films.csv'], folder),
      ]);
      expect(packed).toMatchObject({ code: 0, stderr: '' });
      expect(packed.stdout).toBe(plain.stdout);
    }
  });
});
