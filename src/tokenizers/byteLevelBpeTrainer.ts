import * as v from 'valibot';
import { parseOptions } from '../core/options.ts';
import { byteAlphabet, sortedByteLetters, toByteLetters } from './byteAlphabet.ts';
import { MergeLearner } from './mergeLearner.ts';
import { GPT2_PIECES } from './pieceCache.ts';
import { specialAddedTokens, specialTokenConfig } from './specialTokens.ts';
import { SymbolTable } from './symbolTable.ts';
import { Tokenizer } from './tokenizer.ts';
import type { TokenizerJson } from './tokenizerJson.ts';
import {
  checkVocabSize,
  specialTokenList,
  type TrainVocabularyOptions,
  trainingEntries,
  vocabularyEntries,
} from './trainOptions.ts';
import { countWords } from './wordCounts.ts';

/** Options of {@link trainByteLevelBPE}. Defaults are those of HF's `ByteLevelBPETokenizer`. */
export interface TrainByteLevelBPEOptions extends TrainVocabularyOptions {
  /** The number of vocabulary entries, at least 256 plus the special tokens. Default: 30,000. */
  readonly vocabSize?: number;
  /** The number of times a pair of tokens must occur to be merged. Default: 2. */
  readonly minFrequency?: number;
  /** The special tokens, which get the first ids. Add '<pad>' to use padding. Default: `['<|endoftext|>']`. */
  readonly specialTokens?: readonly string[];
  /** Whether to add a space before the first word, so that it is encoded like the others. Default: false. */
  readonly addPrefixSpace?: boolean;
}

const schema = v.strictObject({
  ...vocabularyEntries,
  ...trainingEntries,
  specialTokens: v.optional(specialTokenList, ['<|endoftext|>']),
  addPrefixSpace: v.optional(v.boolean('true or false'), false),
});

/**
 * Trains a byte-level BPE vocabulary on texts and returns the tokenizer of GPT-2 over it.
 *
 * Starts from the 256 bytes, so it can write any text, and `decode(encode(text).ids)` gives the
 * text back. Of pairs equally frequent the one with the greater bytes is merged first, as in
 * Stanford's CS336, whose reference merges come out identical.
 *
 * @param texts the corpus, each text a string; special tokens in it part the text.
 * @throws AnyformerError `INVALID_DATA` for an empty corpus or a text that is not a string,
 *   `INVALID_ARGUMENT` where `vocabSize` does not hold the 256 bytes, `ABORTED` by the signal.
 * @example
 * const tokenizer = await trainByteLevelBPE(texts, { vocabSize: 8000 });
 * tokenizer.tokenize('Call me Ishmael.'); // ['Call', 'Ġme', 'ĠIshmael', '.']
 *
 * Source: Radford et al. 2019 (GPT-2); https://github.com/stanford-cs336/assignment1-basics
 */
export async function trainByteLevelBPE(
  texts: Iterable<string> | AsyncIterable<string>,
  options: TrainByteLevelBPEOptions = {},
): Promise<Tokenizer> {
  const settings = parseOptions('trainByteLevelBPE', schema, options);
  const { vocabSize, minFrequency, specialTokens, addPrefixSpace } = settings;
  const symbols = new SymbolTable();
  for (const token of [...specialTokens, ...sortedByteLetters()]) symbols.add(token);
  checkVocabSize(vocabSize, symbols.size, 'raise vocabSize');

  const pieces = await countWords(texts, pieceSplitter(specialTokens, addPrefixSpace), settings);
  const words = [...pieces.keys()].map((piece) =>
    Array.from(toByteLetters(piece), (letter) => symbols.add(letter)),
  );
  const learner = new MergeLearner(symbols, words, [...pieces.values()], {
    join: (left, right) => left + right,
    sortKey: toByteOrder,
  });
  await learner.learn(vocabSize, minFrequency, settings);
  return Tokenizer.fromJSON(byteLevelJson(symbols, learner.merges, specialTokens, addPrefixSpace), {
    tokenizer_class: 'GPT2Tokenizer',
    add_prefix_space: addPrefixSpace,
    ...specialTokenConfig(specialTokens),
  });
}

/** Cuts a text as the tokenizer will: at special tokens, then by GPT-2's pattern. */
function pieceSplitter(
  specialTokens: readonly string[],
  addPrefixSpace: boolean,
): (text: string) => string[] {
  const longestFirst = [...specialTokens].sort((a, b) => b.length - a.length);
  const escaped = longestFirst.map((token) => token.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  const separator = escaped.length > 0 ? new RegExp(escaped.join('|')) : undefined;
  return (text) =>
    (separator === undefined ? [text] : text.split(separator)).flatMap((section) => {
      const prefixed =
        addPrefixSpace && section !== '' && !section.startsWith(' ') ? ` ${section}` : section;
      return prefixed.match(GPT2_PIECES) ?? [];
    });
}

const byteOfLetter = new Map(byteAlphabet.map((letter, byte) => [letter, byte]));

/** A token as a string whose order is that of its bytes: letters above U+00FF stand for low ones. */
function toByteOrder(token: string): string {
  return Array.from(token, (letter) => String.fromCharCode(byteOfLetter.get(letter)!)).join('');
}

function byteLevelJson(
  symbols: SymbolTable,
  merges: readonly (readonly [string, string])[],
  specialTokens: readonly string[],
  addPrefixSpace: boolean,
): TokenizerJson {
  const byteLevel = { type: 'ByteLevel', trim_offsets: true, use_regex: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specialAddedTokens(specialTokens),
    normalizer: null,
    pre_tokenizer: { ...byteLevel, add_prefix_space: addPrefixSpace },
    post_processor: { ...byteLevel, add_prefix_space: addPrefixSpace, trim_offsets: false },
    decoder: { ...byteLevel, add_prefix_space: addPrefixSpace },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: symbols.toVocab(),
      merges: merges.map((pair) => pair.join(' ')),
    },
  };
}
