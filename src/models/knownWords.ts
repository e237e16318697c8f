/** A word, a symbol such as an emoji, or one character of the scripts that put no blanks between words. */
const WORD = (() => {
  const scripts = ['Han', 'Hiragana', 'Katakana', 'Thai', 'Lao', 'Khmer', 'Myanmar'];
  const unspaced = `[${scripts.map((script) => `\\p{Script=${script}}`).join('')}]`;
  return new RegExp(`${unspaced}|(?:(?!${unspaced})[\\p{L}\\p{M}\\p{N}])+|\\p{S}`, 'gu');
})();
/** A word that begins as a known one counts as known: `refunds` beside `refund`. */
const STEM = 4;
/** Below this share of known words, a text looks like nothing in the training data. */
const FAMILIAR = 1 / 3;

/**
 * The words of the training texts, as hash numbers: for telling a text that looks like none of them.
 *
 * @example
 * const words = KnownWords.of(['I want a refund', 'Where is my parcel?']);
 * words.isFamiliar('My refunds?'); // true
 * words.isFamiliar('Lorem ipsum dolor'); // false
 */
export class KnownWords {
  readonly #hashes: Set<number>;

  constructor(hashes: Iterable<number> = []) {
    this.#hashes = new Set(hashes);
  }

  static of(texts: readonly string[]): KnownWords {
    const words = new KnownWords();
    for (const text of texts) words.add(text);
    return words;
  }

  /** The hash numbers, rising. */
  get hashes(): Int32Array {
    return Int32Array.from(this.#hashes).sort();
  }

  add(text: string): void {
    for (const word of wordsOf(text)) {
      this.#hashes.add(hashOf(word));
      if (word.length > STEM) this.#hashes.add(hashOf(word.slice(0, STEM)));
    }
  }

  /** Whether at least a third of the words are known, or begin as a known one. */
  isFamiliar(text: string): boolean {
    const words = wordsOf(text);
    if (words.length === 0) return false;
    const known = words.filter(
      (word) =>
        this.#hashes.has(hashOf(word)) ||
        (word.length > STEM && this.#hashes.has(hashOf(word.slice(0, STEM)))),
    );
    return known.length >= FAMILIAR * words.length;
  }
}

const wordsOf = (text: string): string[] => text.normalize('NFKC').toLowerCase().match(WORD) ?? [];

/** FNV-1a of the UTF-16 units. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = 0; i < word.length; i++) {
    hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
  }
  return hash;
}
