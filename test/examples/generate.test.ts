import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TextGenerator } from '../../src/index.ts';
import { useExample } from './runExample.ts';

const example = useExample('examples/generate/main.mjs');

describe('the generate example', () => {
  it('learns, saves, and streams what the saved model writes', { timeout: 120_000 }, async () => {
    const parent = await mkdtemp(join(tmpdir(), 'anyformer-test-'));
    try {
      const output = join(parent, 'model');
      const flags = ['--steps', '4', '--prompt', 'A ship', '--output', output];
      const { code, stdout, stderr } = await example.run(...flags);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/Moby Dick: 136 chapters, 1\d{6} letters/);
      expect(stdout).toMatch(/\n7 chapters held out: loss \d\.\d{3}, \d\.\d{3} bits a letter\n/);
      expect(await readdir(output)).toContain('model.safetensors');
      using generator = await TextGenerator.load(output);
      const drawing = { doSample: true, temperature: 0.6, topK: 0, topP: 0.9, seed: 1 };
      const text = await generator.generate('A ship', { ...drawing, maxNewTokens: 150 });
      expect(text.length).toBeGreaterThan(100);
      expect(stdout.split(`Saved to ${output}\n\n`)[1]).toBe(`A ship${text}\n`);
      expect(await example.list()).toEqual([]);
    } finally {
      await rm(parent, { recursive: true, force: true });
    }
  });

  it('refuses what it cannot use', async () => {
    await example.expectRefusal(['--steps', '0'], '--steps must be a whole number from 1 on');
    await example.expectRefusal(['--words', '3'], 'Known are --steps, --seed, --prompt, --output.');
  });
});
