import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TextGenerator } from '../../src/index.ts';
import { useExample } from './runExample.ts';

const example = useExample('examples/generate/main.mjs');
/** The names it wrote, with a mark on those that it invented. */
const writtenIn = (stdout: string) =>
  stdout
    .split('It writes (* is not in the list):\n\n')[1]!
    .trimEnd()
    .split('\n')
    .map((line) => line.slice(2));

describe('the generate example', () => {
  it('learns, saves, and writes what the saved model writes', { timeout: 120_000 }, async () => {
    const parent = await mkdtemp(join(tmpdir(), 'anyformer-test-'));
    try {
      const output = join(parent, 'model');
      const flags = ['--steps', '30', '--prompt', 'Ma', '--count', '5', '--output', output];
      const { code, stdout, stderr } = await example.run(...flags);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/\n8422 names, 421 of them held out\n/);
      const [, perplexity] = /hesitates between ([\d.]+) letters/.exec(stdout)!;
      // Each of the letters is as likely to a model that has learned nothing.
      expect(Number(perplexity)).toBeLessThan(20);
      expect(Number(perplexity)).toBeGreaterThan(2);
      expect(await readdir(output)).toContain('model.safetensors');
      using generator = await TextGenerator.load(output);
      const texts = await generator.generate('Ma', {
        ...{ doSample: true, temperature: 0.8, topK: 0, seed: 1 },
        ...{ maxNewTokens: 30, numReturnSequences: 5 },
      });
      const names = writtenIn(stdout).map((line) => line.replace(/ \*$/, ''));
      expect(names).toEqual((texts as unknown as string[]).map((rest) => `Ma${rest}`.trimEnd()));
      expect(await example.list()).toEqual([]);
    } finally {
      await rm(parent, { recursive: true, force: true });
    }
  });

  it('takes a list of yours, and marks what is not in it', { timeout: 120_000 }, async () => {
    const parent = await mkdtemp(join(tmpdir(), 'anyformer-test-'));
    try {
      const file = join(parent, 'towns.txt');
      const towns = Array.from({ length: 60 }, (_, n) => `Town${'abcdefghij'[n % 10]}${n % 6}`);
      await writeFile(file, `${[...towns, '', 'Town a', 'Town b'].join('\r\n')}\n`);
      const few = join(parent, 'few.txt');
      await writeFile(few, 'one\ntwo\n');
      await example.expectRefusal(['--data', few], 'it takes 40 at least');
      await writeFile(file, Array.from({ length: 50 }, (_, n) => `Town ${n}`).join('\n'));
      const { code, stdout } = await example.run('--data', file, '--steps', '20');
      expect(code).toBe(0);
      expect(stdout).toMatch(/\n50 names, 2 of them held out\n/);
      for (const line of writtenIn(stdout)) {
        expect(/^Town ([0-9]|[1-4][0-9])$/.test(line)).toBe(!line.endsWith(' *'));
      }
    } finally {
      await rm(parent, { recursive: true, force: true });
    }
  });

  it('refuses what it cannot use', async () => {
    await example.expectRefusal(['--steps', '0'], '--steps must be a whole number from 1 on');
    await example.expectRefusal(['--data', 'none.txt'], '--data none.txt cannot be read');
    await example.expectRefusal(
      ['--words', '3'],
      'Known are --data, --steps, --count, --prompt, --seed, --output.',
    );
  });
});
