import { describe, expect, it } from 'vitest';
import { editDistance, errorRates, loadWords } from '../../../examples/phonemes/words.mjs';

describe('the words of the CMU dictionary', () => {
  it('are spellings and phonemes without stress, each spelling once', () => {
    const words = loadWords();
    expect(words.length).toBeGreaterThan(110_000);
    expect(new Set(words.map(({ source }) => source)).size).toBe(words.length);
    expect(words).toContainEqual({ source: 'phonetic', target: 'F AH N EH T IH K' });
    expect(words.every(({ target }) => /^[A-Z]+( [A-Z]+)*$/.test(target))).toBe(true);
    expect(new Set(words.flatMap(({ target }) => target.split(' '))).size).toBe(39);
  });
});

describe('errors', () => {
  it.each([
    ['K AE T', 'K AE T', 0],
    ['K AE T', 'K AA T', 1],
    ['K AE T', 'K AE T S', 1],
    ['S K AE T', 'K AE', 2],
    ['', 'K AE T', 3],
    ['K AE', '', 2],
  ])('from %o to %o are %i', (from, to, distance) => {
    const list = (text: string) => text.split(' ').filter(Boolean);
    expect(editDistance(list(from), list(to))).toBe(distance);
  });

  it('are shares of all phonemes, and of the words', () => {
    expect(errorRates(['K AE T', 'D AO'], ['K AE T', 'D AO G'])).toEqual({
      phonemeErrorRate: 1 / 6,
      wordErrorRate: 1 / 2,
    });
  });
});
