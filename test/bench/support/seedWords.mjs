const PADDING = '[PAD]';
const UNKNOWN = '[UNK]';
const SPECIAL_TOKENS = 2;

/** Made-up words, a tokenizer that has each as one token, and texts of them; the same every time. */
export class SeedWords {
  #state = 1;
  #words;

  /** @param vocabSize tokens, with the two special ones. */
  constructor(vocabSize) {
    this.#words = Array.from({ length: vocabSize - SPECIAL_TOKENS }, (_, i) => `w${i}`);
  }

  /** A text of so many tokens. */
  text(tokens) {
    return Array.from({ length: tokens }, () => this.#words[this.#next()]).join(' ');
  }

  /** The token ids of a text: each word's number, after the special tokens. */
  ids(text) {
    return text.split(' ').map((word) => SPECIAL_TOKENS + Number(word.slice(1)));
  }

  /** A tokenizer.json that adds no token at the ends. */
  tokenizerJson() {
    const vocabulary = [PADDING, UNKNOWN, ...this.#words];
    const special = (id, content) => ({
      ...{ id, content, special: true, normalized: false },
      ...{ single_word: false, lstrip: false, rstrip: false },
    });
    return {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: [special(0, PADDING), special(1, UNKNOWN)],
      normalizer: null,
      pre_tokenizer: { type: 'WhitespaceSplit' },
      post_processor: null,
      decoder: { type: 'WordPiece', prefix: '##', cleanup: false },
      model: {
        type: 'WordPiece',
        unk_token: UNKNOWN,
        continuing_subword_prefix: '##',
        max_input_chars_per_word: 100,
        vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
      },
    };
  }

  /** A linear congruential generator (Numerical Recipes); its upper bits choose a word. */
  #next() {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * this.#words.length);
  }
}
