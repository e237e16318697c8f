import type { Extraction } from '../../../src/models/ngrams/extractNgrams.ts';

/** What stands before the first word and after the last one. */
export const START = '\u0002';
export const END = '\u0003';

/** FNV-1a and murmur3's finalizer over numbers of any size, modulo 2^32. */
const wrap = (x: bigint): bigint => BigInt.asUintN(32, x);
const WORD_SEED = 0x811c9dc5n;
const CHARACTER_SEED = 0x2f0b4c47n;
const unitsOf = (text: string) => text.split('').map((unit) => BigInt(unit.charCodeAt(0)));
const fnv = (seed: bigint, values: readonly bigint[]) =>
  values.reduce((hash, value) => wrap((hash ^ value) * 0x01000193n), seed);

function finished(hash: bigint): number {
  let h = hash ^ (hash >> 16n);
  h = wrap(h * 0x85ebca6bn);
  h ^= h >> 13n;
  h = wrap(h * 0xc2b2ae35n);
  return Number(BigInt.asIntN(32, h ^ (h >> 16n)));
}

/** The hash number of words in a row. */
export const hashOfWords = (words: readonly string[]): number =>
  finished(
    fnv(
      WORD_SEED,
      words.map((word) => fnv(WORD_SEED, unitsOf(word))),
    ),
  );

/** The hash number of characters in a row. */
export const hashOfCharacters = (characters: string): number =>
  finished(fnv(CHARACTER_SEED, unitsOf(characters)));

const isBlank = (c: string) => /^\s$/u.test(c);
const isLetter = (c: string | undefined) => c !== undefined && /^[\p{L}\p{M}]$/u.test(c);
const isOfWord = (c: string) => /^[\p{L}\p{M}\p{N}_]$/u.test(c);
const isApostrophe = (c: string | undefined) => c === "'" || c === '’';

/** Words and symbols, character by character. */
export function wordsOf(text: string): string[] {
  const characters = [...text];
  const words: string[] = [];
  for (let i = 0; i < characters.length; ) {
    const start = i;
    if (isBlank(characters[i]!)) {
      i++;
      continue;
    }
    if (!isOfWord(characters[i]!)) {
      words.push(characters[i++]!);
      continue;
    }
    while (i < characters.length && isOfWord(characters[i]!)) i++;
    while (isApostrophe(characters[i]) && isLetter(characters[i + 1])) {
      i++;
      while (isLetter(characters[i])) i++;
    }
    words.push(characters.slice(start, i).join(''));
  }
  return words;
}

/** All n-grams of words, as lists of words. */
export function wordNgrams(text: string, [from, to]: readonly [number, number]): string[][] {
  const words = wordsOf(text);
  if (words.length === 0) return [];
  const all = [START, ...words, END];
  const found: string[][] = [];
  for (let n = from; n <= to; n++) {
    for (let i = 0; i + n <= all.length; i++) {
      const isEndAlone = n === 1 && (i === 0 || i === all.length - 1);
      if (!isEndAlone) found.push(all.slice(i, i + n));
    }
  }
  return found;
}

/** All n-grams of characters, as scikit-learn's `char_wb` has them. */
export function characterNgrams(text: string, [from, to]: readonly [number, number]): string[] {
  const found: string[] = [];
  for (const chunk of text.split(/\s+/u).filter((part) => part !== '')) {
    const padded = ` ${chunk} `;
    if (padded.length < from) found.push(padded);
    for (let n = from; n <= Math.min(to, padded.length); n++) {
      for (let i = 0; i + n <= padded.length; i++) found.push(padded.slice(i, i + n));
    }
  }
  return found;
}

const rising = (numbers: Iterable<number>) => [...numbers].sort((a, b) => a - b);

/** The hash numbers of both kinds, rising. */
export function referenceNgrams(
  text: string,
  { wordNgrams: words, characterNgrams: characters, lowercase }: Extraction,
): { words: number[]; characters: number[] } {
  const normal = text.normalize('NFKC');
  const shown = lowercase ? normal.toLowerCase() : normal;
  return {
    words: words[1] === 0 ? [] : rising(wordNgrams(shown, words).map(hashOfWords)),
    characters:
      characters[1] === 0 ? [] : rising(characterNgrams(shown, characters).map(hashOfCharacters)),
  };
}
