import * as v from 'valibot';
import { AnyformerError, show } from '../core/errors.ts';
import { anObject, integer, parseOptions, positiveInteger } from '../core/options.ts';
import type { OnProgress } from '../core/progress.ts';
import { type EncoderOptions, parseEncoderConfig } from '../models/encoderConfig.ts';
import {
  Tokenizer,
  type TrainByteLevelBPEOptions,
  type TrainWordPieceOptions,
} from '../tokenizers/index.ts';
import type { TrainingOptions } from '../train/trainingOptions.ts';
import type { WorkerOption } from '../worker/taskWorker.ts';
import { checkPadding } from './classifierTokenizer.ts';
import { type ExampleFileOptions, exampleFileEntries } from './fileOptions.ts';
import { workerOption } from './inWorker.ts';
import type { ExampleSource } from './openExamples.ts';
import { evaluateEntries, parseTaskTraining } from './taskOptions.ts';

/** A vocabulary that `train` learns from the training texts. */
export type TokenizerOptions =
  | ({ type: 'wordpiece' } & Omit<TrainWordPieceOptions, 'signal' | 'onProgress'>)
  | ({ type: 'byte-level-bpe' } & Omit<TrainByteLevelBPEOptions, 'signal' | 'onProgress'>);

export interface TextClassifierOptions {
  /** Default: those of the training examples, sorted. */
  labels?: readonly string[];
  /** Whether a text may have several labels, or none. Default: false. */
  multiLabel?: boolean;
  /** Texts are cut to so many tokens. Default: 200. */
  maxLength?: number;
  /** The end at which a text that is too long is cut: 'left' keeps its last words. Default: 'right'. */
  truncationSide?: 'left' | 'right';
  /** A ready tokenizer, or what to train. Default: `{ type: 'wordpiece', vocabSize: 20000 }`. */
  tokenizer?: Tokenizer | TokenizerOptions;
  /** The size of the encoder; its vocabulary is the tokenizer's. */
  encoder?: Omit<EncoderOptions, 'vocabSize' | 'padTokenId'>;
  /** Seed of the initial weights. Default: 42. */
  seed?: number;
  /** Whether it runs in a worker of its own, or in which of `createWorker`. Default: false. */
  worker?: WorkerOption;
}

const schema = v.strictObject({
  worker: workerOption,
  labels: v.optional(
    v.pipe(
      v.array(v.string('a list of texts'), 'a list of texts'),
      v.check(
        (list) => list.length >= 2 && new Set(list).size === list.length,
        'a list of at least two different texts',
      ),
    ),
  ),
  multiLabel: v.optional(v.boolean('true or false'), false),
  maxLength: v.optional(positiveInteger, 200),
  truncationSide: v.optional(v.picklist(['left', 'right'], "'left' or 'right'"), 'right'),
  tokenizer: v.optional(anObject<Tokenizer | TokenizerOptions>('a Tokenizer or its options')),
  encoder: v.optional(anObject<NonNullable<TextClassifierOptions['encoder']>>(), () => ({})),
  seed: v.optional(integer, 42),
});

export type ParsedClassifierOptions = ReturnType<typeof parseClassifierOptions>;

/** Checks the options of `TextClassifier.create`, the encoder's among them. */
export function parseClassifierOptions(options: unknown) {
  const where = 'TextClassifier.create';
  const parsed = parseOptions(where, schema, options);
  const tokenizer = parsed.tokenizer ?? { type: 'wordpiece', vocabSize: 20_000 };
  if (!(tokenizer instanceof Tokenizer) && !TOKENIZER_TYPES.includes(tokenizer.type)) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `${where}: tokenizer.type must be ${TOKENIZER_TYPES.map(show).join(' or ')}, received ${show(tokenizer.type)}.`,
    );
  }
  if (tokenizer instanceof Tokenizer) checkPadding(tokenizer, where);
  for (const owned of ['vocabSize', 'padTokenId'] as const) {
    if (!(owned in parsed.encoder)) continue;
    throw new AnyformerError(
      'UNKNOWN_OPTION',
      `${where}: encoder.${owned} follows from the tokenizer; leave it out, and set tokenizer: { type: 'wordpiece', vocabSize } for another size.`,
    );
  }
  const encoder = { maxPositionEmbeddings: parsed.maxLength, ...parsed.encoder };
  // Any size of vocabulary will do to find what is wrong with the rest before the data is read.
  const { maxPositionEmbeddings } = parseEncoderConfig(
    { ...encoder, vocabSize: 1 },
    `${where}: encoder`,
  );
  if (maxPositionEmbeddings < parsed.maxLength) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `${where}: maxLength ${parsed.maxLength} is above encoder.maxPositionEmbeddings ${maxPositionEmbeddings}; lower the one or raise the other.`,
    );
  }
  return { ...parsed, tokenizer, encoder };
}

const TOKENIZER_TYPES: readonly unknown[] = ['wordpiece', 'byte-level-bpe'];

/** Options of `train`: those of the training loop, what to validate on, and how files are read. */
export type ClassifierTrainingOptions = TrainingOptions &
  ExampleFileOptions & {
    /** Examples to evaluate on while training, given as those to learn from. */
    validationData?: ExampleSource;
    /** Share of the examples to hold out for it, in [0, 1). Default: 0. */
    validationSplit?: number;
  };

/** Checks the options of `TextClassifier.train`. */
export function parseClassifierTraining(options: ClassifierTrainingOptions | undefined) {
  const examples = v.custom<ExampleSource>((x) => x !== null, 'examples');
  return parseTaskTraining<ExampleSource, ExampleFileOptions>(
    'TextClassifier.train',
    examples,
    exampleFileEntries,
    options,
  );
}

export interface PredictOptions {
  /** Texts at a time. Default: 32. */
  batchSize?: number;
  /** How many labels to return for a text, best first. Default: all. */
  topK?: number;
  signal?: AbortSignal;
  onProgress?: OnProgress;
}

export type EvaluateOptions = Omit<PredictOptions, 'topK'> & ExampleFileOptions;

export const evaluateSchema = v.strictObject({ ...evaluateEntries, ...exampleFileEntries });

export const predictSchema = v.strictObject({
  ...evaluateEntries,
  topK: v.optional(positiveInteger),
});
