import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { type Finished, root, runNode, temporaryFolder } from '../support/builtPackage.ts';

/** An empty working folder of the file's tests, and the example to be run in it. */
export function useExample(path: string) {
  let folder: string;
  beforeAll(async () => {
    folder = await temporaryFolder();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  return {
    run: (...flags: string[]): Promise<Finished> => runNode([join(root, path), ...flags], folder),
    write: (name: string, content: string | Uint8Array) => writeFile(join(folder, name), content),
    list: (path = '') => readdir(join(folder, path)),
    /** That the example, with these flags, says what is wrong, keeps no stack and writes nothing. */
    async expectRefusal(flags: string[], ...messages: (string | RegExp)[]): Promise<void> {
      const before = await readdir(folder);
      const { code, stderr } = await runNode([join(root, path), ...flags], folder);
      expect(code).toBeGreaterThan(0);
      for (const message of messages) expect(stderr).toMatch(message);
      expect(stderr).not.toMatch(/^ +at /m);
      expect(await readdir(folder)).toEqual(before);
    },
  };
}

const FILLER = ['a', 'film', 'with', 'the', 'actor', 'and', 'music', 'from', 'some', 'town'];
const TELLING = { good: ['lovely', 'great', 'fine'], bad: ['boring', 'awful', 'dull'] };

/** Short reviews, every second one good, in which one word in six tells which. */
export function toyReviews(count: number): { text: string; label: 'good' | 'bad' }[] {
  const random = new Random(1);
  const pick = (words: readonly string[]) => words[random.below(words.length)]!;
  return Array.from({ length: count }, (_, n) => {
    const label = n % 2 ? 'bad' : 'good';
    const words = Array.from({ length: 5 }, () => pick(FILLER));
    words.splice(random.below(6), 0, pick(TELLING[label]));
    return { text: words.join(' '), label };
  });
}
