import * as v from 'valibot';
import { AnyformerError, show } from '../core/errors.ts';
import { anObject, integer, parseOptions } from '../core/options.ts';
import type { OnProgress } from '../core/progress.ts';
import { type DecoderOptions, parseDecoderConfig } from '../models/decoderConfig.ts';
import {
  Tokenizer,
  type TrainByteLevelBPEOptions,
  type TrainCharacterLevelOptions,
  trainByteLevelBPE,
  trainCharacterLevel,
} from '../tokenizers/index.ts';
import type { TrainingOptions } from '../train/trainingOptions.ts';
import type { WorkerOption } from '../worker/taskWorker.ts';
import { type CorpusFileOptions, corpusFileEntries } from './fileOptions.ts';
import { workerOption } from './inWorker.ts';
import type { Corpus } from './openCorpus.ts';
import { evaluateEntries, parseTaskTraining } from './taskOptions.ts';

/** What follows from the tokenizer. */
const OWNED = ['vocabSize', 'padTokenId', 'bosTokenId', 'eosTokenId'] as const;

/** Which tokenizer `train` learns from the text, and with which options. */
export type GeneratorTokenizerOptions =
  | ({ type: 'byte-level-bpe' } & Omit<TrainByteLevelBPEOptions, 'signal' | 'onProgress'>)
  | ({ type: 'characters' } & Omit<TrainCharacterLevelOptions, 'signal' | 'onProgress'>);

/** The options of `TextGenerator.create`. */
export interface TextGeneratorOptions {
  /**
   * The size of the model. The tokenizer sets its vocabulary. Default: GPT-2 with 4 layers, hidden
   * size 128, 4 heads, and a context (`maxPositionEmbeddings`) of 128 tokens.
   */
  decoder?: Omit<DecoderOptions, (typeof OWNED)[number]>;
  /**
   * A tokenizer, or the options to train one. Use `{ type: 'characters' }` for small texts. Default:
   * `{ type: 'byte-level-bpe', vocabSize: 2000 }`, which can encode every character.
   */
  tokenizer?: Tokenizer | GeneratorTokenizerOptions;
  /** Seed of the initial weights, an integer. Default: 42. */
  seed?: number;
  /**
   * Where the task runs: `true` starts a worker of its own, which keeps a page responsive; a worker
   * from `createWorker` can be shared by several tasks; `false` is the calling thread. Default: false.
   */
  worker?: WorkerOption;
}

const schema = v.strictObject({
  worker: workerOption,
  decoder: v.optional(anObject<NonNullable<TextGeneratorOptions['decoder']>>(), () => ({})),
  tokenizer: v.optional(
    anObject<Tokenizer | GeneratorTokenizerOptions>('a Tokenizer or its options'),
    { type: 'byte-level-bpe', vocabSize: 2000 },
  ),
  seed: v.optional(integer, 42),
});

const DECODER = {
  hiddenSize: 128,
  numHiddenLayers: 4,
  numAttentionHeads: 4,
  maxPositionEmbeddings: 128,
};

export type ParsedGeneratorOptions = ReturnType<typeof parseGeneratorOptions>;

/** Checks the options of `TextGenerator.create`, the decoder's among them. */
export function parseGeneratorOptions(options: unknown) {
  const where = 'TextGenerator.create';
  const parsed = parseOptions(where, schema, options);
  for (const owned of OWNED) {
    if (!(owned in parsed.decoder)) continue;
    throw new AnyformerError(
      'UNKNOWN_OPTION',
      `${where}: decoder.${owned} follows from the tokenizer; leave it out, and set tokenizer: { type: 'byte-level-bpe', vocabSize } for another size.`,
    );
  }
  const decoder = { ...DECODER, ...parsed.decoder };
  // Any size of vocabulary will do to find what is wrong with the rest before the text is read.
  parseDecoderConfig({ ...decoder, vocabSize: 3 }, `${where}: decoder`);
  const { tokenizer } = parsed;
  const isKnown =
    tokenizer instanceof Tokenizer || ['byte-level-bpe', 'characters'].includes(tokenizer.type);
  if (isKnown) return { ...parsed, decoder };
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `${where}: the type of a tokenizer must be 'byte-level-bpe' or 'characters', received ${show(tokenizer.type)}.`,
  );
}

/** Returns the tokenizer that was passed, or trains one on the texts. */
export async function makeGeneratorTokenizer(
  wanted: Tokenizer | GeneratorTokenizerOptions,
  texts: readonly string[],
  { signal, onProgress }: { signal?: AbortSignal | undefined; onProgress: OnProgress },
): Promise<Tokenizer> {
  if (wanted instanceof Tokenizer) return wanted;
  const slow = { ...(signal && { signal }), onProgress };
  if (wanted.type === 'characters') {
    const { type: _, ...options } = wanted;
    const specialTokens = ['<unk>', '<|endoftext|>'];
    return trainCharacterLevel(texts, { specialTokens, ...options, ...slow });
  }
  const { type: _, ...options } = wanted;
  return trainByteLevelBPE(texts, { ...options, ...slow });
}

/** The options of `train`: those of the training loop, of validation, and of reading files. */
export type TextGeneratorTrainingOptions = TrainingOptions &
  CorpusFileOptions & {
    /** Text to measure loss and perplexity on during the training, in any form that `train` takes. */
    validationData?: Corpus;
    /** The share of the tokens, from the end of the text, to hold out for validation. From 0, below 1. Default: 0. */
    validationSplit?: number;
  };

/** Checks the options of `TextGenerator.train`. */
export function parseGeneratorTraining(options: TextGeneratorTrainingOptions | undefined) {
  const text = v.custom<Corpus>((x) => x !== null, 'text');
  return parseTaskTraining<Corpus, CorpusFileOptions>(
    'TextGenerator.train',
    text,
    corpusFileEntries,
    options,
  );
}

/** The options of `TextGenerator.evaluate`. */
export interface EvaluateTextOptions extends CorpusFileOptions {
  /** The number of blocks in a batch. Lower it when memory runs out. Default: 32. */
  batchSize?: number;
  /** Stops the work with the error `ABORTED`. */
  signal?: AbortSignal;
  /** Called as the work advances. */
  onProgress?: OnProgress;
}

export const evaluateTextSchema = v.strictObject({ ...evaluateEntries, ...corpusFileEntries });
