import * as v from 'valibot';
import { AnyformerError } from '../core/errors.ts';
import { abortSignal, callback, positiveInteger } from '../core/options.ts';
import type { OnProgress } from '../core/progress.ts';

/** The options that all tokenizer trainers share, with Hugging Face's names in camelCase. */
export interface TrainVocabularyOptions {
  /** The number of vocabulary entries, including special tokens and alphabet; a small corpus gives fewer. */
  readonly vocabSize?: number;
  /** The number of times a pair of tokens must occur to be merged. */
  readonly minFrequency?: number;
  /** The special tokens, which get the first ids, in this order. */
  readonly specialTokens?: readonly string[];
  /** Stops the training with the error `ABORTED`. */
  readonly signal?: AbortSignal;
  /** Called as the training advances. */
  readonly onProgress?: OnProgress;
}

/** A list of distinct, non-empty special tokens. */
export const specialTokenList = v.pipe(
  v.array(v.string('a list of strings'), 'a list of strings'),
  v.check(
    (list) => new Set(list).size === list.length && !list.includes(''),
    'a list of distinct, non-empty strings',
  ),
);

/** The part of the options schema that the trainers share; each adds its own defaults. */
export const trainingEntries = {
  signal: v.optional(abortSignal),
  onProgress: v.optional(callback<OnProgress>()),
};

/** The schema of a vocabulary's size and of the frequency its merges need. */
export const vocabularyEntries = {
  vocabSize: v.optional(positiveInteger, 30_000),
  minFrequency: v.optional(positiveInteger, 2),
};

/** @throws AnyformerError `INVALID_ARGUMENT` where the first entries alone do not fit. */
export function checkVocabSize(vocabSize: number, firstEntries: number, advice: string): void {
  if (firstEntries <= vocabSize) return;
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `vocabSize ${vocabSize} is too small: the special tokens and the alphabet of this text alone need ${firstEntries}; ${advice}.`,
  );
}

/** @throws AnyformerError `INVALID_ARGUMENT` where `token` is missing. */
export function requireSpecialToken(where: string, list: readonly string[], token: string): void {
  if (list.includes(token)) return;
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `${where}: specialTokens must hold '${token}', which stands for what the vocabulary cannot write; received ${list.length === 0 ? 'none' : list.join(', ')}.`,
  );
}
