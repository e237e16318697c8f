import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { AnyformerError, show, throwIfAborted } from '../core/errors.ts';
import { ProgressClock, yieldToEventLoop } from '../core/progress.ts';
import {
  type EncodeAllOptions,
  type EncodeBatchOptions,
  type EncodeOptions,
  parseDecodeOptions,
  parseEncodeAllOptions,
  parseEncodeBatchOptions,
  parseEncodeOptions,
  parsePadOptions,
  type Truncation,
} from './encodeOptions.ts';
import { type BatchEncoding, type Encoding, type PaddingOptions, padEncodings } from './padding.ts';
import { PieceCache } from './pieceCache.ts';
import { SequenceTemplate } from './sequenceTemplate.ts';
import { type SpecialTokenRole, specialTokenRoles } from './specialTokens.ts';
import {
  parseTokenizerJson,
  type TokenizerConfigJson,
  type TokenizerJson,
} from './tokenizerJson.ts';
import { truncate } from './truncation.ts';

/** Texts encoded between two turns of the event loop: some tens of milliseconds. */
const TEXTS_PER_TURN = 128;

/**
 * Converts text to token ids and back, as a tokenizer.json defines it.
 *
 * Splitting into tokens is `@huggingface/tokenizers`; truncation and padding follow HF's native
 * library. Make one with `trainWordPiece`, `trainByteLevelBPE` or {@link Tokenizer.fromJSON}.
 *
 * @example
 * const tokenizer = await trainWordPiece(texts, { vocabSize: 8000 });
 * tokenizer.encode('A quiet film.', { maxLength: 128 }).ids; // [2, 41, 903, 377, 18, 3]
 * tokenizer.encodeBatch(['One.', 'And another one.']).shape; // [2, 6]
 */
export class Tokenizer {
  /** The number of rows an embedding needs: the highest token id + 1. */
  readonly vocabSize: number;
  /** The ids of the special tokens; undefined if the tokenizer has no such token. */
  readonly padTokenId: number | undefined;
  readonly unkTokenId: number | undefined;
  readonly clsTokenId: number | undefined;
  readonly sepTokenId: number | undefined;
  readonly maskTokenId: number | undefined;
  readonly bosTokenId: number | undefined;
  readonly eosTokenId: number | undefined;
  readonly #json: TokenizerJson;
  readonly #config: TokenizerConfigJson;
  readonly #library: HuggingFaceTokenizer;
  readonly #cache: PieceCache;
  readonly #single: SequenceTemplate;
  readonly #pair: SequenceTemplate;

  private constructor(json: TokenizerJson, config: TokenizerConfigJson) {
    this.#json = json;
    this.#config = config;
    this.#library = openWithLibrary(json, config);
    this.#cache = new PieceCache(
      json,
      config,
      (text) => this.#library.encode(text, { add_special_tokens: false }).ids,
    );
    const tokenToId = (token: string) => this.tokenToId(token);
    this.#single = new SequenceTemplate(this.#library.post_processor, false, tokenToId);
    this.#pair = new SequenceTemplate(this.#library.post_processor, true, tokenToId);
    this.vocabSize = this.#library.model!.vocab.length;
    const roles = specialTokenRoles(json.added_tokens, config);
    const idOf = (role: SpecialTokenRole) =>
      roles[role] === undefined ? undefined : this.tokenToId(roles[role]);
    this.padTokenId = idOf('pad');
    this.unkTokenId = idOf('unk');
    this.clsTokenId = idOf('cls');
    this.sepTokenId = idOf('sep');
    this.maskTokenId = idOf('mask');
    this.bosTokenId = idOf('bos');
    this.eosTokenId = idOf('eos');
  }

  /**
   * Opens the content of a tokenizer.json: BPE, WordPiece or Unigram, ours or HF's.
   *
   * @param tokenizerJson the text of the file, or the parsed JSON.
   * @param tokenizerConfig the tokenizer_config.json beside it, which names the special tokens;
   *   without it they are found by their usual spellings ([PAD], <pad>, </s>, <|endoftext|> …).
   * @throws AnyformerError `INVALID_FILE` for content that is corrupt or not a tokenizer.
   */
  static fromJSON(tokenizerJson: unknown, tokenizerConfig: TokenizerConfigJson = {}): Tokenizer {
    return new Tokenizer(parseTokenizerJson(tokenizerJson), tokenizerConfig);
  }

  /** Returns the contents of tokenizer.json and tokenizer_config.json, which Hugging Face's libraries open. */
  toJSON(): { tokenizer: TokenizerJson; tokenizerConfig: TokenizerConfigJson } {
    return { tokenizer: this.#json, tokenizerConfig: this.#config };
  }

  /**
   * Encodes a text, or a pair of texts.
   *
   * @throws AnyformerError `INVALID_DATA` for a text that is not a string.
   * @example
   * tokenizer.encode('Is it good?', { textPair: 'It is.', maxLength: 64 });
   */
  encode(text: string, options: EncodeOptions = {}): Encoding {
    const { textPair, addSpecialTokens, cutTo } = parseEncodeOptions(options);
    const second = textPair === undefined ? undefined : checkText(textPair, 'textPair');
    return this.#encode(checkText(text, 'The text'), second, addSpecialTokens, cutTo);
  }

  /**
   * Encodes texts and pads them to the same length, ready for tensors of shape [B, T].
   *
   * @throws AnyformerError `INVALID_DATA` naming the position of a text that is not a string,
   *   `INVALID_ARGUMENT` if there is no padding token.
   * @example
   * const { inputIds, attentionMask, shape } = tokenizer.encodeBatch(texts, { maxLength: 200 });
   * tf.tensor2d(inputIds, shape, 'int32');
   */
  encodeBatch(
    texts: readonly string[],
    options: EncodeBatchOptions & { readonly padding: false },
  ): Encoding[];
  encodeBatch(
    texts: readonly string[],
    options?: EncodeBatchOptions & { readonly padding?: 'longest' | 'maxLength' },
  ): BatchEncoding;
  encodeBatch(
    texts: readonly string[],
    options: EncodeBatchOptions = {},
  ): BatchEncoding | Encoding[] {
    const parsed = parseEncodeBatchOptions(options);
    const { textPairs, addSpecialTokens, cutTo, padding, maxLength } = parsed;
    checkTextPairs(texts, textPairs);
    const encodings = texts.map((text, i) => {
      const second = textPairs && checkText(textPairs[i], `The second text at position ${i}`);
      const first = checkText(text, `The text at position ${i}`);
      return this.#encode(first, second, addSpecialTokens, cutTo);
    });
    if (padding === false) return encodings;
    const { paddingSide, padToMultipleOf } = parsed;
    return padEncodings(encodings, this.padTokenId, {
      padding,
      paddingSide,
      padToMultipleOf,
      ...(maxLength !== undefined && { maxLength }),
    });
  }

  /**
   * Encodes a whole dataset. It lets the event loop run from time to time, so that a page stays responsive.
   *
   * @throws AnyformerError `INVALID_DATA` naming the position of a text that is not a string,
   *   `ABORTED` after `signal`.
   * @example
   * const encodings = await tokenizer.encodeAll(reviews, { maxLength: 200, onProgress, signal });
   */
  async encodeAll(
    texts: Iterable<string> | AsyncIterable<string>,
    options: EncodeAllOptions = {},
  ): Promise<Encoding[]> {
    const { addSpecialTokens, cutTo, signal, onProgress } = parseEncodeAllOptions(options);
    const clock = new ProgressClock();
    const totalSteps = Array.isArray(texts) ? texts.length : undefined;
    const encodings: Encoding[] = [];
    throwIfAborted(signal, 'Encoding');
    for await (const text of texts) {
      const first = checkText(text, `The text at position ${encodings.length}`);
      const step = encodings.push(this.#encode(first, undefined, addSpecialTokens, cutTo));
      if (step % TEXTS_PER_TURN !== 0 && step !== totalSteps) continue;
      onProgress?.(clock.progress({ phase: 'encode', step, totalSteps }));
      if (step !== totalSteps) await yieldToEventLoop();
      throwIfAborted(signal, 'Encoding');
    }
    return encodings;
  }

  /**
   * Pads encoded texts to the same length, as `encodeBatch` does.
   *
   * @example
   * const batch = tokenizer.pad(encodings.slice(0, 32), { padToMultipleOf: 8 });
   */
  pad(encodings: readonly Encoding[], options: PaddingOptions = {}): BatchEncoding {
    const { maxLength, ...rest } = parsePadOptions(options);
    return padEncodings(encodings, this.padTokenId, {
      ...rest,
      ...(maxLength !== undefined && { maxLength }),
    });
  }

  /** Splits a text into tokens, as strings of the vocabulary, without special tokens. */
  tokenize(text: string): string[] {
    return this.#library.tokenize(checkText(text, 'The text'));
  }

  /**
   * Converts token ids to text.
   *
   * @param options `skipSpecialTokens` leaves out [CLS], [PAD] and other special tokens. Default: false.
   * @throws AnyformerError `INVALID_ARGUMENT` naming an id that is not in the vocabulary.
   */
  decode(ids: ArrayLike<number>, options: { readonly skipSpecialTokens?: boolean } = {}): string {
    const { skipSpecialTokens } = parseDecodeOptions(options);
    const list = Array.from(ids);
    for (const [position, id] of list.entries()) this.#checkId(id, position);
    if (list.length === 0) return '';
    return this.#library.decode(list, { skip_special_tokens: skipSpecialTokens });
  }

  /** Returns the id of a token of the vocabulary; undefined if it is not in the vocabulary. */
  tokenToId(token: string): number | undefined {
    return this.#library.token_to_id(token);
  }

  /** Returns the token with an id, as a string of the vocabulary; undefined if there is none. */
  idToToken(id: number): string | undefined {
    return this.#library.id_to_token(id);
  }

  #encode(
    text: string,
    textPair: string | undefined,
    addSpecialTokens: boolean,
    cutTo: Truncation | undefined,
  ): Encoding {
    const template = textPair === undefined ? this.#single : this.#pair;
    const room = cutTo && cutTo.maxLength - (addSpecialTokens ? template.specialTokenCount : 0);
    if (room !== undefined && room < 0) throw noRoom(cutTo!.maxLength, template.specialTokenCount);
    // The end of a long text need not be encoded if it is cut off anyway.
    const isCutAtEnd = textPair === undefined && cutTo?.side === 'right';
    let first: readonly number[] = this.#cache.encode(text, isCutAtEnd ? room! + 1 : undefined);
    let second: readonly number[] | undefined =
      textPair === undefined ? undefined : this.#cache.encode(textPair);
    if (cutTo !== undefined) {
      [first, second] = truncate(first, second, room!, cutTo.strategy, cutTo.side);
    }
    const { ids, tokenTypeIds } = template.fill(first, second, addSpecialTokens);
    return { ids, attentionMask: new Array<number>(ids.length).fill(1), tokenTypeIds };
  }

  #checkId(id: unknown, position: number): void {
    if (typeof id === 'number' && this.idToToken(id) !== undefined) return;
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `The id at position ${position} is ${show(id)}; this vocabulary has the ids 0 to ${this.vocabSize - 1}.`,
    );
  }
}

function openWithLibrary(json: TokenizerJson, config: TokenizerConfigJson): HuggingFaceTokenizer {
  try {
    // Off unless asked for, as in HF's native library: it deletes spaces the text had.
    return new HuggingFaceTokenizer(json, { clean_up_tokenization_spaces: false, ...config });
  } catch (cause) {
    throw new AnyformerError(
      'INVALID_FILE',
      `This tokenizer.json cannot be opened: ${(cause as Error).message}. It may need a newer @huggingface/tokenizers.`,
      { cause },
    );
  }
}

function checkText(text: unknown, what: string): string {
  if (typeof text === 'string') return text;
  throw new AnyformerError(
    'INVALID_DATA',
    `${what} is ${show(text)}, not a string; convert it or leave it out.`,
  );
}

function checkTextPairs(texts: unknown, textPairs: readonly unknown[] | undefined): void {
  if (!Array.isArray(texts)) {
    throw new AnyformerError(
      'INVALID_DATA',
      `Tokenizer.encodeBatch takes a list of strings, received ${show(texts)}; use encode for one text.`,
    );
  }
  if (textPairs !== undefined && textPairs.length !== texts.length) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `There are ${texts.length} texts but ${textPairs.length} textPairs; each text needs its own.`,
    );
  }
}

function noRoom(maxLength: number, specialTokens: number): AnyformerError {
  return new AnyformerError(
    'INVALID_ARGUMENT',
    `maxLength ${maxLength} leaves no room for the ${specialTokens} special tokens; use at least ${specialTokens + 1}, or addSpecialTokens: false.`,
  );
}
