import type { NgramRange, NgramsConfig } from './ngramsConfig.ts';

/** Which n-grams there are. */
export type Extraction = Pick<NgramsConfig, 'wordNgrams' | 'lowercase'> & {
  readonly characterNgrams: NgramRange;
};

/** A word with its marks and apostrophes, or one character that is neither letter nor blank. */
const WORD = /[\p{L}\p{M}\p{N}_]+(?:['’][\p{L}\p{M}]+)*|[^\s\p{L}\p{M}\p{N}_]/gu;
const CHUNK = /\S+/gu;

/** So that a word and the same characters inside of another word are different features. */
const WORD_SEED = 0x811c9dc5 | 0;
const CHARACTER_SEED = 0x2f0b4c47;
const PRIME = 0x01000193;
const BLANK = 32;
/** What stands before the first word and after the last one: control characters no text has. */
const START = 2;
const END = 3;

/** Hash numbers of n-grams as they are found, in a buffer that grows and is used again. */
export class HashBuffer {
  values = new Int32Array(1024);
  length = 0;

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = new Int32Array(2 * this.length);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }
}

/**
 * The n-grams of a text as 32-bit hash numbers, repeats included, words first.
 *
 * Words in a row, with the beginning and the end of the text as words of their own; and characters
 * in a row inside of each chunk between blanks, with a blank before and behind it (scikit-learn's
 * `char_wb`). FNV-1a with the finalizer of murmur3: among a million features, about a hundred
 * share their number with another.
 *
 * @param words receives the n-grams of words.
 * @param characters receives the n-grams of characters.
 */
export function extractNgrams(
  text: string,
  config: Extraction,
  words: HashBuffer,
  characters: HashBuffer,
): void {
  const normal = text.normalize('NFKC');
  const shown = config.lowercase ? normal.toLowerCase() : normal;
  if (config.wordNgrams[1] > 0) wordNgrams(shown, config.wordNgrams, words);
  if (config.characterNgrams[1] > 0) characterNgrams(shown, config.characterNgrams, characters);
}

function wordNgrams(text: string, [from, to]: NgramRange, into: HashBuffer): void {
  const found = text.match(WORD);
  if (!found) return;
  const hashes = new Int32Array(found.length + 2);
  hashes[0] = step(WORD_SEED, START);
  for (let i = 0; i < found.length; i++) {
    const word = found[i]!;
    let hash = WORD_SEED;
    for (let k = 0; k < word.length; k++) hash = step(hash, word.charCodeAt(k));
    hashes[i + 1] = hash;
  }
  hashes[found.length + 1] = step(WORD_SEED, END);
  for (let i = 0; i < hashes.length; i++) {
    let hash = WORD_SEED;
    const last = Math.min(to, hashes.length - i);
    for (let n = 1; n <= last; n++) {
      hash = step(hash, hashes[i + n - 1]!);
      // The two ends alone say nothing.
      const isEnd = n === 1 && (i === 0 || i === hashes.length - 1);
      if (n >= from && !isEnd) into.push(finish(hash));
    }
  }
}

function characterNgrams(text: string, [from, to]: NgramRange, into: HashBuffer): void {
  for (const chunk of text.match(CHUNK) ?? []) {
    const length = chunk.length + 2;
    const codeAt = (i: number) => (i === 0 || i === length - 1 ? BLANK : chunk.charCodeAt(i - 1));
    // A chunk that is shorter than the shortest n-gram is one as a whole.
    const shortest = Math.min(from, length);
    for (let i = 0; i + shortest <= length; i++) {
      let hash = CHARACTER_SEED;
      const last = Math.min(to, length - i);
      for (let n = 1; n <= last; n++) {
        hash = step(hash, codeAt(i + n - 1));
        if (n >= shortest) into.push(finish(hash));
      }
    }
  }
}

const step = (hash: number, value: number) => Math.imul(hash ^ value, PRIME);

function finish(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
