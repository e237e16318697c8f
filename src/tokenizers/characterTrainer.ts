import * as v from 'valibot';
import { parseOptions } from '../core/options.ts';
import { specialAddedTokens, specialTokenConfig } from './specialTokens.ts';
import { SymbolTable } from './symbolTable.ts';
import { Tokenizer } from './tokenizer.ts';
import {
  requireSpecialToken,
  specialTokenList,
  type TrainVocabularyOptions,
  trainingEntries,
} from './trainOptions.ts';
import { countWords } from './wordCounts.ts';

/** Options of {@link trainCharacterLevel}. */
export interface TrainCharacterLevelOptions
  extends Omit<TrainVocabularyOptions, 'vocabSize' | 'minFrequency'> {
  /** The special tokens. They must contain '<unk>', the token for unknown characters. Default: `['<unk>']`. */
  readonly specialTokens?: readonly string[];
}

const UNKNOWN = '<unk>';

/** Not half a surrogate pair, which has no UTF-8 and could not be saved; it becomes <unk>. */
const CHARACTER = /\P{Cs}/gu;

const schema = v.strictObject({
  ...trainingEntries,
  specialTokens: v.optional(specialTokenList, [UNKNOWN]),
});

/**
 * Collects the characters of texts, by code point, and returns a tokenizer with one token each.
 *
 * @param texts the corpus, each text a string.
 * @throws AnyformerError `INVALID_DATA` for an empty corpus or a text that is not a string,
 *   `ABORTED` by the signal.
 * @example
 * const tokenizer = await trainCharacterLevel(['hello']);
 * tokenizer.tokenize('hole'); // ['h', 'o', 'l', 'e']
 *
 * Source: the character vocabulary of nanoGPT, written as a BPE model without merges.
 */
export async function trainCharacterLevel(
  texts: Iterable<string> | AsyncIterable<string>,
  options: TrainCharacterLevelOptions = {},
): Promise<Tokenizer> {
  const settings = parseOptions('trainCharacterLevel', schema, options);
  const { specialTokens } = settings;
  requireSpecialToken('trainCharacterLevel', specialTokens, UNKNOWN);
  const characters = await countWords(texts, (text) => text.match(CHARACTER) ?? [], settings);
  const symbols = new SymbolTable();
  for (const token of specialTokens) symbols.add(token);
  for (const character of [...characters.keys()].sort(byCodePoint)) symbols.add(character);
  const json = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specialAddedTokens(specialTokens),
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: { type: 'Fuse' },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: UNKNOWN,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: symbols.toVocab(),
      merges: [],
    },
  };
  return Tokenizer.fromJSON(json, {
    tokenizer_class: 'PreTrainedTokenizerFast',
    ...specialTokenConfig(specialTokens),
  });
}

function byCodePoint(a: string, b: string): number {
  return a.codePointAt(0)! - b.codePointAt(0)!;
}
