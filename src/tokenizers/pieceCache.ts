import type { TokenizerConfigJson, TokenizerJson } from './tokenizerJson.ts';

/** Pieces in a generation; two are kept, some 40 MB at most. */
const GENERATION = 100_000;

/**
 * Splits at the four characters that every cleaning step leaves a blank. Not `\s`: BERT's cleaning
 * deletes some of its characters (U+000B, U+FEFF), which joins what stands beside them.
 */
export const BLANK_SEPARATED = /[^ \t\r\n]+/g;

/** GPT-2's pre-tokenization, as in HF's `ByteLevel`. */
export const GPT2_PIECES =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

// Steps that look at one word at a time, where blanks part words.
const WORD_LOCAL_NORMALIZERS = new Set([
  'BertNormalizer',
  'Lowercase',
  'StripAccents',
  'NFC',
  'NFD',
  'NFKC',
  'NFKD',
]);
const BLANK_SPLITTING = new Set(['BertPreTokenizer', 'Whitespace', 'WhitespaceSplit']);

/**
 * Encodes a text piece by piece and remembers the pieces, for pipelines in which a piece is
 * encoded the same wherever it stands. Text repeats its words, so nearly all are known: an order
 * of magnitude faster than encoding every text from scratch.
 */
export class PieceCache {
  readonly #encodeText: (text: string) => readonly number[];
  readonly #pieces: RegExp | undefined;
  readonly #addedTokens: readonly string[];
  // Two generations: what was used in the last 100,000 pieces survives, the rest is forgotten.
  #recent = new Map<string, readonly number[]>();
  #older = new Map<string, readonly number[]>();

  /** @param encodeText encodes a whole text without special tokens: the slow, plain way. */
  constructor(
    json: TokenizerJson,
    config: TokenizerConfigJson,
    encodeText: (text: string) => readonly number[],
  ) {
    this.#encodeText = encodeText;
    this.#pieces = independentPieces(json, config);
    this.#addedTokens = json.added_tokens.map((token) => token.content);
  }

  /**
   * The first ids of `text`, always those of `encodeText(text)`.
   *
   * @param limit how many ids are needed; more may be returned.
   */
  encode(text: string, limit = Number.POSITIVE_INFINITY): number[] {
    // An added token may hold blanks or strip those around it, and is cut out before all else.
    if (this.#pieces === undefined || this.#addedTokens.some((token) => text.includes(token))) {
      return [...this.#encodeText(text)];
    }
    const ids: number[] = [];
    for (const piece of text.match(this.#pieces) ?? []) {
      if (ids.length >= limit) break;
      for (const id of this.#encodePiece(piece)) ids.push(id);
    }
    return ids;
  }

  #encodePiece(piece: string): readonly number[] {
    const recent = this.#recent.get(piece);
    if (recent !== undefined) return recent;
    const ids = this.#older.get(piece) ?? this.#encodeText(piece);
    if (this.#recent.size >= GENERATION) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(piece, ids);
    return ids;
  }
}

/** How to cut a text into pieces that do not influence each other, if the pipeline allows it. */
function independentPieces(json: TokenizerJson, config: TokenizerConfigJson): RegExp | undefined {
  if (config.remove_space === true || config.do_lowercase_and_remove_accent === true) {
    return undefined;
  }
  // A token that is matched after normalization cannot be looked for in the raw text.
  if (json.added_tokens.some((token) => token.normalized ?? !token.special)) return undefined;
  const { normalizer, pre_tokenizer: preTokenizer } = json;
  if (preTokenizer === null) return undefined;
  if (BLANK_SPLITTING.has(preTokenizer.type)) {
    return isWordLocal(normalizer) ? BLANK_SEPARATED : undefined;
  }
  const splitsAsGpt2 =
    preTokenizer.type === 'ByteLevel' &&
    preTokenizer.use_regex !== false &&
    preTokenizer.add_prefix_space !== true;
  return splitsAsGpt2 && normalizer === null ? GPT2_PIECES : undefined;
}

function isWordLocal(normalizer: TokenizerJson['normalizer']): boolean {
  if (normalizer === null) return true;
  if (normalizer.type !== 'Sequence') return WORD_LOCAL_NORMALIZERS.has(normalizer.type);
  const steps = normalizer.normalizers;
  return Array.isArray(steps) && steps.every(isWordLocal);
}
