import * as v from 'valibot';
import { AnyformerError, show } from '../core/errors.ts';
import { anObject, integer, parseOptions, positiveInteger } from '../core/options.ts';
import {
  type EncoderDecoderOptions,
  parseEncoderDecoderConfig,
} from '../models/encoderDecoderConfig.ts';
import { Tokenizer } from '../tokenizers/index.ts';
import type { TrainingOptions } from '../train/trainingOptions.ts';
import type { WorkerOption } from '../worker/taskWorker.ts';
import { type PairFileOptions, pairFileEntries, splitOptions } from './fileOptions.ts';
import {
  type GenerationOptions,
  generationOptionNames,
  parseGeneration,
} from './generation/generationOptions.ts';
import { workerOption } from './inWorker.ts';
import type { PairSource } from './openPairs.ts';
import { parseTaskTraining } from './taskOptions.ts';
import type { TranslatorParts } from './translatorFiles.ts';
import {
  checkTokenizer,
  TOKENIZER_TYPES,
  type TokenizerPair,
  type TranslatorTokenizerOptions,
} from './translatorTokenizers.ts';

/** What follows from the tokenizers. */
const OWNED = [
  ...(['vocabSize', 'decoderVocabSize', 'padTokenId', 'bosTokenId', 'eosTokenId'] as const),
  'decoderStartTokenId',
] as const;

/** The options of `Translator.create`. */
export interface TranslatorOptions {
  /**
   * The size of the model. The tokenizers set its vocabularies and special tokens. Default: one
   * encoder layer and one decoder layer, hidden size 256, 8 heads.
   */
  model?: Omit<EncoderDecoderOptions, (typeof OWNED)[number]>;
  /**
   * One tokenizer for both sides, or the options to train one on them. Default:
   * `{ type: 'byte-level-bpe', vocabSize: 8000 }`, which can encode every character.
   */
  tokenizer?: Tokenizer | TranslatorTokenizerOptions;
  /** A tokenizer for the sources only. Needs `targetTokenizer`; replaces `tokenizer`. */
  sourceTokenizer?: Tokenizer | TranslatorTokenizerOptions;
  /** A tokenizer for the targets only. Needs `sourceTokenizer`; replaces `tokenizer`. */
  targetTokenizer?: Tokenizer | TranslatorTokenizerOptions;
  /**
   * The maximum length of a source and of a target in tokens, with the end token. Longer texts are
   * cut. At least 2. Default: 128.
   */
  maxLength?: number;
  /** Seed of the initial weights, an integer. Default: 42. */
  seed?: number;
  /**
   * Where the task runs: `true` starts a worker of its own, which keeps a page responsive; a worker
   * from `createWorker` can be shared by several tasks; `false` is the calling thread. Default: false.
   */
  worker?: WorkerOption;
}

const tokenizerEntry = v.optional(
  anObject<Tokenizer | TranslatorTokenizerOptions>('a Tokenizer or its options'),
);

const schema = v.strictObject({
  worker: workerOption,
  model: v.optional(anObject<NonNullable<TranslatorOptions['model']>>(), () => ({})),
  tokenizer: tokenizerEntry,
  sourceTokenizer: tokenizerEntry,
  targetTokenizer: tokenizerEntry,
  maxLength: v.optional(v.pipe(positiveInteger, v.minValue(2, 'an integer of at least 2')), 128),
  seed: v.optional(integer, 42),
});

export type ParsedTranslatorOptions = ReturnType<typeof parseTranslatorOptions>;

/** Checks the options of `Translator.create`, the model's among them. */
export function parseTranslatorOptions(options: unknown) {
  const where = 'Translator.create';
  const { tokenizer, sourceTokenizer, targetTokenizer, ...parsed } = parseOptions(
    where,
    schema,
    options,
  );
  const tokenizers = chooseTokenizers(where, { tokenizer, sourceTokenizer, targetTokenizer });
  for (const owned of OWNED) {
    if (!(owned in parsed.model)) continue;
    throw new AnyformerError(
      'UNKNOWN_OPTION',
      `${where}: model.${owned} follows from the tokenizers; leave it out, and set tokenizer: { type: 'byte-level-bpe', vocabSize } for another size.`,
    );
  }
  const model = { maxPositionEmbeddings: parsed.maxLength, ...parsed.model };
  // Any size of vocabulary will do to find what is wrong with the rest before the data is read.
  const { maxPositionEmbeddings } = parseEncoderDecoderConfig(
    { ...model, vocabSize: 3, padTokenId: 0, eosTokenId: 2, decoderStartTokenId: 1 },
    `${where}: model`,
  );
  if (maxPositionEmbeddings < parsed.maxLength) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `${where}: maxLength ${parsed.maxLength} is above model.maxPositionEmbeddings ${maxPositionEmbeddings}; lower the one or raise the other.`,
    );
  }
  return { ...parsed, tokenizers, model };
}

function chooseTokenizers(
  where: string,
  given: Pick<
    { [K in keyof TranslatorOptions]?: TranslatorOptions[K] | undefined },
    'tokenizer' | 'sourceTokenizer' | 'targetTokenizer'
  >,
): TokenizerPair<Tokenizer | TranslatorTokenizerOptions> {
  const { tokenizer, sourceTokenizer, targetTokenizer } = given;
  const refuse = (message: string) =>
    new AnyformerError('INVALID_ARGUMENT', `${where}: ${message}`);
  if (tokenizer && (sourceTokenizer || targetTokenizer)) {
    throw refuse(
      'tokenizer is for both sides; pass it alone, or sourceTokenizer and targetTokenizer.',
    );
  }
  if (Boolean(sourceTokenizer) !== Boolean(targetTokenizer)) {
    throw refuse(
      'sourceTokenizer and targetTokenizer come together; pass both, or tokenizer alone.',
    );
  }
  const shared = tokenizer ?? ({ type: 'byte-level-bpe', vocabSize: 8000 } as const);
  const pair = { source: sourceTokenizer ?? shared, target: targetTokenizer ?? shared };
  for (const wanted of Object.values(pair)) {
    if (wanted instanceof Tokenizer) checkTokenizer(wanted, where);
    else if (!TOKENIZER_TYPES.includes(wanted.type)) {
      throw refuse(
        `the type of a tokenizer must be ${TOKENIZER_TYPES.map(show).join(', ')}, received ${show(wanted.type)}.`,
      );
    }
  }
  return pair;
}

/** The options of `train`: those of the training loop, of validation, and of reading files. */
export type TranslatorTrainingOptions = TrainingOptions &
  PairFileOptions & {
    /** Pairs to measure loss and token accuracy on during the training, in any form that `train` takes. */
    validationData?: PairSource;
    /** The share of the pairs to hold out for validation. From 0, below 1. Default: 0. */
    validationSplit?: number;
  };

/** Checks the options of `Translator.train`. */
export function parseTranslatorTraining(options: TranslatorTrainingOptions | undefined) {
  const pairs = v.custom<PairSource>((x) => x !== null, 'pairs');
  return parseTaskTraining<PairSource, PairFileOptions>(
    'Translator.train',
    pairs,
    pairFileEntries,
    options,
  );
}

/** What makes no sense for a translation: it is one text, which its own end token ends. */
const NOT_OF_TRANSLATION = ['numReturnSequences', 'stopStrings', 'eosTokenId'] as const;

/**
 * The options of `Translator.predict`: those of the generation and the batch size. Defaults are those
 * of the model's generation_config.json; a new model has 4 beams and `maxLength` tokens.
 */
export interface TranslateOptions
  extends Omit<GenerationOptions, (typeof NOT_OF_TRANSLATION)[number]> {
  /** The number of texts in a batch. Lower it when memory runs out. Default: 32. */
  batchSize?: number;
}

const batchSchema = v.strictObject({ batchSize: v.optional(positiveInteger, 32) });

/**
 * The options of `predict`, those of generation among them. Defaults are those of the
 * model's generation_config.json, else 4 beams and `maxLength` tokens.
 */
export function parseTranslate(where: string, options: TranslateOptions, parts: TranslatorParts) {
  const { batchSize, ...given } = options ?? {};
  for (const name of NOT_OF_TRANSLATION) {
    if (!(name in given)) continue;
    throw new AnyformerError(
      'UNKNOWN_OPTION',
      `${where}: ${name} is not for translations, of which each text has one; leave it out.`,
    );
  }
  const { eosTokenId, decoderVocabSize } = parts.model.config;
  const saved = generationOptionNames
    .filter((name) => parts.generation[name] !== undefined && parts.generation[name] !== null)
    .map((name) => [name, parts.generation[name]]);
  const defaults = {
    numBeams: 4,
    maxNewTokens: parts.maxLength,
    ...Object.fromEntries(saved),
    eosTokenId,
    numReturnSequences: 1,
  };
  return {
    ...parseOptions(where, batchSchema, batchSize === undefined ? {} : { batchSize }),
    generation: parseGeneration(where, given, defaults, decoderVocabSize),
  };
}

/** The options of `Translator.evaluate`: those of `predict` and of reading files. */
export interface EvaluateTranslationOptions extends TranslateOptions, PairFileOptions {}

/** The options of `evaluate`: as {@link parseTranslate}, and those of the file. */
export function parseEvaluate(
  where: string,
  options: EvaluateTranslationOptions,
  parts: TranslatorParts,
) {
  const { file, rest } = splitOptions<PairFileOptions, TranslateOptions>(pairFileEntries, options);
  parseOptions(where, v.strictObject(pairFileEntries), file);
  return { file, ...parseTranslate(where, rest, parts) };
}
