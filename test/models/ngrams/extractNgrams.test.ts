import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Extraction,
  extractNgrams,
  HashBuffer,
} from '../../../src/models/ngrams/extractNgrams.ts';
import {
  END,
  hashOfCharacters,
  hashOfWords,
  referenceNgrams,
  START,
  wordsOf,
} from './referenceNgrams.ts';

const USUAL: Extraction = { wordNgrams: [1, 3], characterNgrams: [2, 5], lowercase: true };

function extracted(text: string, config: Extraction) {
  const words = new HashBuffer();
  const characters = new HashBuffer();
  extractNgrams(text, config, words, characters);
  const rising = ({ values, length }: HashBuffer) =>
    [...values.subarray(0, length)].sort((a, b) => a - b);
  return { words: rising(words), characters: rising(characters) };
}

const rising = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b);
const expectWords = (text: string, range: readonly [number, number], expected: string[][]) =>
  expect(extracted(text, { ...USUAL, wordNgrams: range }).words).toEqual(
    rising(expected.map(hashOfWords)),
  );
const expectCharacters = (text: string, range: readonly [number, number], expected: string[]) =>
  expect(extracted(text, { ...USUAL, characterNgrams: range }).characters).toEqual(
    rising(expected.map(hashOfCharacters)),
  );

const arbitraryRange = fc.oneof(
  fc.constant([0, 0] as const),
  fc
    .tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 7 }))
    .map(([from, more]) => [from, Math.min(8, from + more)] as const),
);
const arbitraryConfig: fc.Arbitrary<Extraction> = fc.record({
  wordNgrams: arbitraryRange,
  characterNgrams: arbitraryRange,
  lowercase: fc.boolean(),
});
/** Whatever comes, half surrogate pairs among it; and words and marks where the rules meet. */
const arbitraryText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 })
    .map((units) => String.fromCharCode(...units)),
  fc
    .array(fc.constantFrom("'", '’', 'a', 'B', '1', '_', ' ', '\n', '!', 'é', '́', '語', '😀'), {
      maxLength: 30,
    })
    .map((parts) => parts.join('')),
);

describe('extractNgrams', () => {
  it('has words in a row, with the beginning and the end as words of their own', () => {
    expectWords(
      'Good film',
      [1, 2],
      [['good'], ['film'], [START, 'good'], ['good', 'film'], ['film', END]],
    );
    expectWords('Good', [1, 3], [['good'], [START, 'good'], ['good', END], [START, 'good', END]]);
    expectWords(
      'a b c',
      [3, 3],
      [
        [START, 'a', 'b'],
        ['a', 'b', 'c'],
        ['b', 'c', END],
      ],
    );
    // Shorter than the shortest n-gram, ends included.
    expectWords('a b', [5, 8], []);
    expectWords('not good', [0, 0], []);
  });

  it.each([
    ["Don't stop!", ["don't", 'stop', '!']],
    ['l’été d’’ici', ['l’été', 'd', '’', '’', 'ici']],
    ["rock'n'roll '90s", ["rock'n'roll", "'", '90s']],
    ['a_b 3.5', ['a_b', '3', '.', '5']],
    ['Gut😀👍🏽', ['gut', '😀', '👍', '🏽']],
    ['👨‍👩‍👧', ['👨', '\u200d', '👩', '\u200d', '👧']],
    ['日本語、です', ['日本語', '、', 'です']],
    ['हिन्दी में', ['हिन्दी', 'में']],
    ['ＦＵＬＬ ﬁne', ['full', 'fine']],
    ['\ud800x', ['\ud800', 'x']],
  ])('divides %j into words', (text, words) => {
    expectWords(
      text,
      [1, 1],
      words.map((word) => [word]),
    );
    expect(wordsOf(text.normalize('NFKC').toLowerCase())).toEqual(words);
  });

  it('has characters in a row inside of each chunk, with a blank at its ends', () => {
    expectCharacters('ab\t c', [2, 3], [' a', 'ab', 'b ', ' ab', 'ab ', ' c', 'c ', ' c ']);
    expectCharacters('Ab', [1, 1], [' ', 'a', 'b', ' ']);
    // A chunk that is shorter than the shortest n-gram is one as a whole, once.
    expectCharacters('a bc', [4, 6], [' a ', ' bc ']);
    expectCharacters('a bc', [5, 5], [' a ', ' bc ']);
    expectCharacters('a', [0, 0], []);
  });

  it('counts repeats, and takes no heed of how an accent is written', () => {
    expectWords('no no no', [1, 1], [['no'], ['no'], ['no']]);
    expect(extracted('cafe\u0301', USUAL)).toEqual(extracted('caf\u00e9', USUAL));
    expect(extracted('CAFÉ', USUAL)).toEqual(extracted('café', USUAL));
    const kept = { ...USUAL, lowercase: false };
    expect(extracted('CAFÉ', kept).words).not.toEqual(extracted('café', kept).words);
  });

  it.each(['', ' ', '\n\t\u00a0\u3000'])('finds nothing in %j', (text) => {
    expect(extracted(text, USUAL)).toEqual({ words: [], characters: [] });
  });

  it('is what a plain implementation on strings gives, for any text and lengths', () => {
    fc.assert(
      fc.property(arbitraryText, arbitraryConfig, (text, config) => {
        expect(extracted(text, config)).toEqual(referenceNgrams(text, config));
      }),
      { numRuns: 1000 },
    );
  });

  it('gives a hundred thousand n-grams numbers of their own, but for a few', () => {
    const words = Array.from({ length: 100_000 }, (_, n) => `w${n.toString(36)}`);
    const found = extracted(words.join(' '), { ...USUAL, wordNgrams: [1, 2] }).words;
    // 2 · 10^5 random 32-bit numbers share theirs 4.7 times, 20 times never.
    expect(found.length - new Set(found).size).toBeLessThan(20);
    // The word and the same characters as a chunk are different features.
    const { words: one, characters } = extracted('film', { ...USUAL, characterNgrams: [1, 8] });
    expect(one.filter((hash) => characters.includes(hash))).toEqual([]);
  });

  it.each([
    ['one chunk', 'x'.repeat(1_000_000)],
    ['words', 'word '.repeat(200_000)],
    ['marks', '!'.repeat(1_000_000)],
    ['apostrophes', "a'".repeat(500_000)],
    ['blanks', ' '.repeat(1_000_000)],
    ['emoji', '😀'.repeat(500_000)],
  ])('reads a text of a megabyte of %s in a few seconds at the most', (_, text) => {
    const words = new HashBuffer();
    const characters = new HashBuffer();
    const started = performance.now();
    extractNgrams(text, USUAL, words, characters);
    expect(performance.now() - started).toBeLessThan(5000);
    const chunks = text.match(/\S+/g) ?? [];
    const expected = chunks.reduce((sum, { length }) => {
      const at = (n: number) => Math.max(0, length + 2 - n + 1);
      return sum + at(2) + at(3) + at(4) + at(5);
    }, 0);
    expect(characters.length).toBe(expected);
    const count = text.match(/[a-z]+(?:'[a-z]+)*|[^\sa-z]/gu)?.length ?? 0;
    expect(words.length).toBe(count === 0 ? 0 : count + (count + 1) + count);
  });
});
