import { describe, expect, it } from 'vitest';
import { useExample } from './runExample.ts';

const example = useExample('examples/phonemes/main.mjs');

describe('the phonemes example', () => {
  it('learns to pronounce words and measures on those held out', { timeout: 120_000 }, async () => {
    const { code, stdout, stderr } = await example.run('--steps', '60', '--held-out', '100');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/CMU dictionary: 1\d{5} words to learn from, 100 held out/);
    const rate = (name: string) =>
      Number(new RegExp(`^  ${name} error rate +([\\d.]+) %$`, 'm').exec(stdout)![1]);
    // Phonemes alone without any regard to the letters would be some 90 % wrong.
    expect(rate('phoneme')).toBeLessThan(85);
    expect(rate('word')).toBeLessThanOrEqual(100);
    expect(stdout).toMatch(/^ {2}webassembly {5}[A-Z ]+$/m);
    expect(await example.list()).toEqual([]);
  });

  it('refuses what it cannot use', async () => {
    await example.expectRefusal(['--steps', '0'], '--steps must be a whole number from 1 on');
    await example.expectRefusal(['--held-out', '90000'], /--held-out 90000 leaves too few/);
    await example.expectRefusal(['--words', '3'], 'Known are --steps, --held-out, --seed.');
  });
});
