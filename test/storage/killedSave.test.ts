import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { FileStorage } from '../../src/storage/fileStorage.ts';
import { readSealedFiles } from '../../src/storage/sealedFiles.ts';
import { fileNames, versionOf } from './sampleFiles.ts';

let directory: string;
let program: string;
const here = fileURLToPath(new URL('.', import.meta.url));

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'anyformer-killed-'));
  program = join(directory, 'save.mjs');
  await build({
    stdin: {
      contents: `
        import { FileStorage } from '../../src/storage/fileStorage.ts';
        import { sampleFiles } from './sampleFiles.ts';
        const storage = new FileStorage(process.argv[2]);
        for (let version = Number(process.argv[3]); ; version++) {
          await storage.write(sampleFiles(version, 300_000));
          process.stdout.write('.');
        }`,
      resolveDir: here,
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: program,
  });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

it('a process killed in the middle of its saves leaves the last whole set', async () => {
  const target = join(directory, 'model');
  const random = new Random(7);
  let version = 1;
  for (let round = 0; round < 8; round++) {
    const child = spawn(process.execPath, [program, target, String(version)]);
    await once(child.stdout, 'data');
    await new Promise((resolve) => setTimeout(resolve, random.below(40)));
    child.kill('SIGKILL');
    await once(child, 'exit');
    const files = await readSealedFiles(new FileStorage(target), { required: fileNames });
    expect(versionOf(files)).toBeGreaterThanOrEqual(version);
    version = versionOf(files) + 1;
  }
});
