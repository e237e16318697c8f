import { BertNormalizer, BertPreTokenizer } from '@huggingface/tokenizers';
import * as v from 'valibot';
import { throwIfAborted } from '../core/errors.ts';
import { parseOptions, positiveInteger } from '../core/options.ts';
import { yieldToEventLoop } from '../core/progress.ts';
import { MergeLearner } from './mergeLearner.ts';
import { BLANK_SEPARATED } from './pieceCache.ts';
import { specialAddedTokens, specialTokenConfig } from './specialTokens.ts';
import { SymbolTable } from './symbolTable.ts';
import { Tokenizer } from './tokenizer.ts';
import type { PipelineStepJson, TokenizerJson } from './tokenizerJson.ts';
import {
  checkVocabSize,
  requireSpecialToken,
  specialTokenList,
  type TrainVocabularyOptions,
  trainingEntries,
  vocabularyEntries,
} from './trainOptions.ts';
import { countWords, noWords } from './wordCounts.ts';

/** Options of {@link trainWordPiece}. Defaults are those of HF's `BertWordPieceTokenizer`. */
export interface TrainWordPieceOptions extends TrainVocabularyOptions {
  /** The number of vocabulary entries, including the special tokens. Default: 30,000. */
  readonly vocabSize?: number;
  /** The number of times a pair of tokens must occur to be merged. Default: 2. */
  readonly minFrequency?: number;
  /** The special tokens, which get the first ids. [UNK] is required. Default: [PAD] [UNK] [CLS] [SEP] [MASK]. */
  readonly specialTokens?: readonly string[];
  /** Whether to convert texts to lower case. Default: true. */
  readonly lowercase?: boolean;
  /** Whether to remove accents, so that é becomes e. Default: as `lowercase`. */
  readonly stripAccents?: boolean;
  /** Whether to treat each Chinese character as a word. Default: true. */
  readonly handleChineseChars?: boolean;
  /** Most characters in the alphabet; the rarest are left out and become [UNK]. Default 1,000. */
  readonly limitAlphabet?: number;
  /** What marks a token that goes on within a word. Default ##. */
  readonly continuingSubwordPrefix?: string;
}

/** Chunks cleaned between two turns of the event loop: some tens of milliseconds. */
const CHUNKS_PER_TURN = 8192;

const UNKNOWN = '[UNK]';

const flag = v.boolean('true or false');

const schema = v.strictObject({
  ...vocabularyEntries,
  ...trainingEntries,
  specialTokens: v.optional(specialTokenList, ['[PAD]', UNKNOWN, '[CLS]', '[SEP]', '[MASK]']),
  lowercase: v.optional(flag, true),
  stripAccents: v.optional(flag),
  handleChineseChars: v.optional(flag, true),
  limitAlphabet: v.optional(positiveInteger, 1000),
  continuingSubwordPrefix: v.optional(
    v.pipe(v.string('a string'), v.minLength(1, 'not empty')),
    '##',
  ),
});

type Settings = v.InferOutput<typeof schema>;

/**
 * Trains a WordPiece vocabulary on texts and returns the tokenizer of BERT over it.
 *
 * Tokens grow by merging the most frequent pair of neighbours, as in HF's `WordPieceTrainer`. Equal
 * texts give equal vocabularies: of pairs equally frequent, the one of lower ids is merged first,
 * and characters are numbered by code point.
 *
 * @param texts the corpus, each text a string.
 * @throws AnyformerError `INVALID_DATA` for an empty corpus or a text that is not a string,
 *   `INVALID_ARGUMENT` where `vocabSize` does not hold the alphabet, `ABORTED` by the signal.
 * @example
 * const tokenizer = await trainWordPiece(reviews, { vocabSize: 20_000 });
 * tokenizer.tokenize('Unwatchable!'); // ['un', '##watch', '##able', '!']
 *
 * Source: HF tokenizers, https://huggingface.co/docs/tokenizers/api/trainers
 */
export async function trainWordPiece(
  texts: Iterable<string> | AsyncIterable<string>,
  options: TrainWordPieceOptions = {},
): Promise<Tokenizer> {
  const settings = parseOptions('trainWordPiece', schema, options);
  const { vocabSize, minFrequency, specialTokens, continuingSubwordPrefix: prefix } = settings;
  requireSpecialToken('trainWordPiece', specialTokens, UNKNOWN);
  const wordCounts = await countNormalizedWords(texts, settings);
  const alphabet = mostFrequentCharacters(wordCounts, settings.limitAlphabet);
  const symbols = new SymbolTable();
  for (const token of [...specialTokens, ...alphabet]) symbols.add(token);
  const words = spellWords(wordCounts, alphabet, symbols, prefix);
  checkVocabSize(vocabSize, symbols.size, 'raise vocabSize or lower limitAlphabet');

  const join = (left: string, right: string) =>
    left + (right.startsWith(prefix) ? right.slice(prefix.length) : right);
  const learner = new MergeLearner(symbols, words, [...wordCounts.values()], { join });
  await learner.learn(vocabSize, minFrequency, settings);
  return Tokenizer.fromJSON(wordPieceJson(symbols, settings), {
    tokenizer_class: 'BertTokenizer',
    do_lower_case: settings.lowercase,
    ...specialTokenConfig(specialTokens),
  });
}

/** Counts words as the tokenizer will see them: cleaned, and parted at blanks and punctuation. */
async function countNormalizedWords(
  texts: Iterable<string> | AsyncIterable<string>,
  settings: Settings,
): Promise<Map<string, number>> {
  const normalizer = new BertNormalizer(bertNormalizer(settings) as never);
  const preTokenizer = new BertPreTokenizer();
  // Each distinct chunk is cleaned once: ten times less work than cleaning every text.
  const chunks = await countWords(texts, (text) => text.match(BLANK_SEPARATED) ?? [], settings);
  const words = new Map<string, number>();
  let untilTurn = CHUNKS_PER_TURN;
  for (const [chunk, count] of chunks) {
    if (--untilTurn === 0) {
      untilTurn = CHUNKS_PER_TURN;
      await yieldToEventLoop();
      throwIfAborted(settings.signal, 'Training the tokenizer');
    }
    for (const word of preTokenizer.pre_tokenize_text(normalizer.normalize(chunk))) {
      words.set(word, (words.get(word) ?? 0) + count);
    }
  }
  // Cleaning may have left nothing: control characters are no words.
  if (words.size === 0) throw noWords();
  return words;
}

/** The characters to keep, by code point. Of equally rare ones the greater code points go. */
function mostFrequentCharacters(wordCounts: Map<string, number>, limit: number): Set<string> {
  const counts = new Map<string, number>();
  for (const [word, count] of wordCounts) {
    for (const character of word) counts.set(character, (counts.get(character) ?? 0) + count);
  }
  const byCodePoint = (a: string, b: string) => a.codePointAt(0)! - b.codePointAt(0)!;
  const kept = [...counts.keys()]
    .sort((a, b) => counts.get(b)! - counts.get(a)! || byCodePoint(a, b))
    .slice(0, limit);
  return new Set(kept.sort(byCodePoint));
}

/** Words as ids, one a character; those after the first carry the prefix. */
function spellWords(
  wordCounts: Map<string, number>,
  alphabet: Set<string>,
  symbols: SymbolTable,
  prefix: string,
): number[][] {
  const spellings = [...wordCounts.keys()].map((word) =>
    [...word]
      .map((character, i) => ({ character, text: i === 0 ? character : prefix + character }))
      .filter(({ character }) => alphabet.has(character)),
  );
  const continuing = new Set(spellings.flatMap((spelling) => spelling.map(({ text }) => text)));
  for (const character of alphabet) {
    if (continuing.has(prefix + character)) symbols.add(prefix + character);
  }
  return spellings.map((spelling) => spelling.map(({ text }) => symbols.add(text)));
}

function bertNormalizer(settings: Settings): PipelineStepJson {
  return {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: settings.handleChineseChars,
    // null: as lowercase says.
    strip_accents: settings.stripAccents ?? null,
    lowercase: settings.lowercase,
  };
}

function wordPieceJson(symbols: SymbolTable, settings: Settings): TokenizerJson {
  const { specialTokens, continuingSubwordPrefix: prefix } = settings;
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specialAddedTokens(specialTokens),
    normalizer: bertNormalizer(settings),
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: bertTemplate(specialTokens),
    decoder: { type: 'WordPiece', prefix, cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: UNKNOWN,
      continuing_subword_prefix: prefix,
      max_input_chars_per_word: 100,
      vocab: symbols.toVocab(),
    },
  };
}

/** [CLS] first [SEP] second [SEP], where the vocabulary has these tokens. */
function bertTemplate(specialTokens: readonly string[]): PipelineStepJson {
  const special = (token: string, typeId: number) =>
    specialTokens.includes(token) ? [{ SpecialToken: { id: token, type_id: typeId } }] : [];
  const text = (id: 'A' | 'B', typeId: number) => ({ Sequence: { id, type_id: typeId } });
  const single = [...special('[CLS]', 0), text('A', 0), ...special('[SEP]', 0)];
  const used = specialTokens.filter((token) => token === '[CLS]' || token === '[SEP]');
  const entry = (token: string) => ({
    id: token,
    ids: [specialTokens.indexOf(token)],
    tokens: [token],
  });
  return {
    type: 'TemplateProcessing',
    single,
    pair: [...single, text('B', 1), ...special('[SEP]', 1)],
    special_tokens: Object.fromEntries(used.map((token) => [token, entry(token)])),
  };
}
