import * as v from 'valibot';
import { AnyformerError } from '../core/errors.ts';
import { abortSignal, callback, parseOptions, positiveInteger } from '../core/options.ts';
import type { OnProgress } from '../core/progress.ts';
import type { PaddingOptions } from './padding.ts';
import type { Side, TruncationStrategy } from './truncation.ts';

/** How texts become ids, under HF's names in camelCase. */
export interface TextOptions {
  /** Whether [CLS], [SEP] and their like are added. Default true. */
  readonly addSpecialTokens?: boolean;
  /** Most tokens of a text (or pair), special tokens included. */
  readonly maxLength?: number;
  /** How longer texts are shortened; true is `longestFirst`. Default true with `maxLength`. */
  readonly truncation?: boolean | TruncationStrategy;
  /** The end that is cut off. Default `right`. */
  readonly truncationSide?: Side;
}

/** Options of `Tokenizer.encode`. */
export interface EncodeOptions extends TextOptions {
  /** A second text: the answer to a question, the translation of a sentence. */
  readonly textPair?: string;
}

/** Options of `Tokenizer.encodeBatch`. */
export interface EncodeBatchOptions extends TextOptions, Omit<PaddingOptions, 'padding'> {
  /** The second text of each pair, in the order of the texts. */
  readonly textPairs?: readonly string[];
  /** Default `longest`; false keeps each text's own length and returns a list. */
  readonly padding?: 'longest' | 'maxLength' | false;
}

/** Options of `Tokenizer.encodeAll`. */
export interface EncodeAllOptions extends TextOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

const side = v.picklist(['left', 'right'], "'left' or 'right'");

const textEntries = {
  addSpecialTokens: v.optional(v.boolean('true or false'), true),
  maxLength: v.optional(positiveInteger),
  truncation: v.optional(
    v.union(
      [v.boolean(), v.picklist(['longestFirst', 'onlyFirst', 'onlySecond'])],
      "true, false, 'longestFirst', 'onlyFirst' or 'onlySecond'",
    ),
  ),
  truncationSide: v.optional(side),
};

const paddingEntries = {
  paddingSide: v.optional(side, 'right'),
  padToMultipleOf: v.optional(positiveInteger, 1),
};

const encodeSchema = v.strictObject({ ...textEntries, textPair: v.optional(v.unknown()) });

const encodeBatchSchema = v.strictObject({
  ...textEntries,
  ...paddingEntries,
  textPairs: v.optional(v.array(v.unknown(), 'a list of strings')),
  padding: v.optional(
    v.union(
      [v.literal(false), v.picklist(['longest', 'maxLength'])],
      "'longest', 'maxLength' or false",
    ),
    'longest',
  ),
});

const encodeAllSchema = v.strictObject({
  ...textEntries,
  signal: v.optional(abortSignal),
  onProgress: v.optional(callback<OnProgress>()),
});

const decodeSchema = v.strictObject({
  skipSpecialTokens: v.optional(v.boolean('true or false'), false),
});

const padSchema = v.strictObject({
  ...paddingEntries,
  padding: v.optional(v.picklist(['longest', 'maxLength'], "'longest' or 'maxLength'"), 'longest'),
  maxLength: v.optional(positiveInteger),
});

/** What to cut a text to; undefined where it stays whole. */
export interface Truncation {
  readonly maxLength: number;
  readonly strategy: TruncationStrategy;
  readonly side: Side;
}

export function parseEncodeOptions(options: unknown) {
  const parsed = parseOptions('Tokenizer.encode', encodeSchema, options);
  return { ...parsed, cutTo: toTruncation('Tokenizer.encode', parsed, false) };
}

export function parseEncodeAllOptions(options: unknown) {
  const parsed = parseOptions('Tokenizer.encodeAll', encodeAllSchema, options);
  return { ...parsed, cutTo: toTruncation('Tokenizer.encodeAll', parsed, false) };
}

export function parseEncodeBatchOptions(options: unknown) {
  const where = 'Tokenizer.encodeBatch';
  const parsed = parseOptions(where, encodeBatchSchema, options);
  if (parsed.padding === 'maxLength') requireMaxLength(where, parsed.maxLength);
  const padsToMaxLength = parsed.padding === 'maxLength';
  return { ...parsed, cutTo: toTruncation(where, parsed, padsToMaxLength) };
}

export function parseDecodeOptions(options: unknown) {
  return parseOptions('Tokenizer.decode', decodeSchema, options);
}

export function parsePadOptions(options: unknown) {
  const parsed = parseOptions('Tokenizer.pad', padSchema, options);
  if (parsed.padding === 'maxLength') requireMaxLength('Tokenizer.pad', parsed.maxLength);
  else if (parsed.maxLength !== undefined) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `Tokenizer.pad: maxLength ${parsed.maxLength} has no effect with padding 'longest'; set padding: 'maxLength'.`,
    );
  }
  return parsed;
}

function toTruncation(
  where: string,
  options: {
    maxLength?: number | undefined;
    truncation?: boolean | TruncationStrategy | undefined;
    truncationSide?: Side | undefined;
  },
  padsToMaxLength: boolean,
): Truncation | undefined {
  const { maxLength, truncation = maxLength !== undefined, truncationSide } = options;
  if (truncation === false) {
    if (maxLength !== undefined && !padsToMaxLength) {
      throw new AnyformerError(
        'INVALID_ARGUMENT',
        `${where}: maxLength ${maxLength} has no effect with truncation: false; leave one of them out.`,
      );
    }
    return undefined;
  }
  requireMaxLength(where, maxLength);
  const strategy = truncation === true ? 'longestFirst' : truncation;
  return { maxLength, strategy, side: truncationSide ?? 'right' };
}

function requireMaxLength(where: string, maxLength: number | undefined): asserts maxLength {
  if (maxLength === undefined) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `${where}: truncation and padding to 'maxLength' need maxLength; pass for example maxLength: 128.`,
    );
  }
}
