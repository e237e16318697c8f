import { AnyformerError } from '../core/errors.ts';
import type { Side } from './truncation.ts';

/** One encoded text, or one pair of texts. The three lists are equally long. */
export interface Encoding {
  /** Numbers of the tokens in the vocabulary. */
  readonly ids: number[];
  /** 1 for a token, 0 for padding. */
  readonly attentionMask: number[];
  /** 0 for the first text and what surrounds it, 1 for the second; as the model's template says. */
  readonly tokenTypeIds: number[];
}

/** Encoded texts of equal length, row by row, ready to become tensors of shape [B, T]. */
export interface BatchEncoding {
  /** (B, T) token ids, row-major. */
  readonly inputIds: Int32Array;
  /** (B, T) 1 for a token, 0 for padding. */
  readonly attentionMask: Int32Array;
  /** (B, T) 0 for the first text, 1 for the second. */
  readonly tokenTypeIds: Int32Array;
  /** [B, T]: texts, and tokens in each. */
  readonly shape: readonly [batchSize: number, length: number];
}

/** How rows are brought to one length, under HF's names in camelCase. */
export interface PaddingOptions {
  /** `longest` (default): to the longest row. `maxLength`: to `maxLength`. */
  readonly padding?: 'longest' | 'maxLength';
  /** Length of the rows in tokens, for padding `maxLength`. */
  readonly maxLength?: number;
  /** Where the padding stands. Default `right`; decoders generate from `left`-padded rows. */
  readonly paddingSide?: Side;
  /** Rounds the length up to a multiple, which lets kernels work on whole tiles. */
  readonly padToMultipleOf?: number;
}

/**
 * Brings encoded texts to one length.
 *
 * @param padTokenId undefined where the tokenizer has none: then rows must be equal already.
 * @throws AnyformerError `INVALID_ARGUMENT` where a row is longer than `maxLength` or there is no
 *   padding token to pad with.
 */
export function padEncodings(
  encodings: readonly Encoding[],
  padTokenId: number | undefined,
  { padding = 'longest', maxLength, paddingSide = 'right', padToMultipleOf = 1 }: PaddingOptions,
): BatchEncoding {
  const wanted = padding === 'maxLength' ? maxLength! : longest(encodings);
  const length = Math.ceil(wanted / padToMultipleOf) * padToMultipleOf;
  const size = encodings.length * length;
  const needsPadding = encodings.some(({ ids }) => ids.length < length);
  if (needsPadding && padTokenId === undefined) throw noPadToken();
  const inputIds = new Int32Array(size).fill(padTokenId ?? 0);
  const attentionMask = new Int32Array(size);
  const tokenTypeIds = new Int32Array(size);
  encodings.forEach((encoding, row) => {
    const free = length - encoding.ids.length;
    if (free < 0) throw tooLong(row, encoding.ids.length, length);
    const start = row * length + (paddingSide === 'left' ? free : 0);
    inputIds.set(encoding.ids, start);
    attentionMask.set(encoding.attentionMask, start);
    tokenTypeIds.set(encoding.tokenTypeIds, start);
  });
  return { inputIds, attentionMask, tokenTypeIds, shape: [encodings.length, length] };
}

function longest(encodings: readonly Encoding[]): number {
  return encodings.reduce((most, { ids }) => Math.max(most, ids.length), 0);
}

function noPadToken(): AnyformerError {
  return new AnyformerError(
    'INVALID_ARGUMENT',
    `The texts differ in length, and this tokenizer has no padding token; train it with '<pad>' among its specialTokens, name a pad_token in its tokenizer_config.json, or use padding: false.`,
  );
}

function tooLong(row: number, length: number, maxLength: number): AnyformerError {
  return new AnyformerError(
    'INVALID_ARGUMENT',
    `The text at position ${row} has ${length} tokens, more than maxLength ${maxLength}; set truncation: true or a greater maxLength.`,
  );
}
