import * as v from 'valibot';
import { AnyformerError, show } from '../core/errors.ts';
import { nearestName } from '../core/nearestName.ts';
import { anObject, integer, parseOptions, positiveInteger } from '../core/options.ts';
import type { OnProgress } from '../core/progress.ts';
import {
  type EncoderOptions,
  type EncoderType,
  parseEncoderConfig,
} from '../models/encoderConfig.ts';
import {
  type NgramsConfig,
  type NgramsOptions,
  parseNgramsConfig,
} from '../models/ngrams/ngramsConfig.ts';
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

export interface TextClassifierOptions<Label extends string = string> {
  /** Default: those of the training examples, sorted. */
  labels?: readonly Label[];
  /** Whether a text may have several labels, or none. Default: false. */
  multiLabel?: boolean;
  /** Of an encoder: texts are cut to so many tokens. Default: follows the data. */
  maxLength?: number;
  /** Of an encoder: the end at which a text that is too long is cut: 'left' keeps its last words. Default: 'right'. */
  truncationSide?: 'left' | 'right';
  /**
   * Of an encoder: a ready tokenizer, or what to train. Default: WordPiece with a vocabulary that
   * follows the data.
   */
  tokenizer?: Tokenizer | TokenizerOptions;
  /**
   * The model:
   * - `'auto'` trains an n-gram model and a small Transformer, measures both on rows held out, and
   *   keeps the better one, or both where their average is better still;
   * - `'ngrams'` is a linear model of words and pieces of words, which learns in seconds;
   * - `'transformer'` is an encoder trained from scratch, `'bert'` one as Hugging Face has it.
   *
   * An object has the model's own options beside `type`, which is 'transformer' where it is left
   * out. Sizes that are not given follow the data. Default: 'auto'.
   */
  encoder?: 'auto' | 'ngrams' | EncoderType | { type: 'auto' } | NgramsOptions | EncoderChoice;
  /** Seed of the initial weights. Default: 42. */
  seed?: number;
  /** Whether it runs in a worker of its own, or in which of `createWorker`. Default: false. */
  worker?: WorkerOption;
}

/** An encoder's own options; its vocabulary is the tokenizer's. */
export type EncoderChoice = Omit<EncoderOptions, 'vocabSize' | 'padTokenId'>;

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
  maxLength: v.optional(positiveInteger),
  truncationSide: v.optional(v.picklist(['left', 'right'], "'left' or 'right'")),
  tokenizer: v.optional(anObject<Tokenizer | TokenizerOptions>('a Tokenizer or its options')),
  encoder: v.optional(
    v.union(
      [v.string(), anObject<Exclude<NonNullable<TextClassifierOptions['encoder']>, string>>()],
      "'auto', 'ngrams', 'transformer', 'bert' or an object with such a type",
    ),
    'auto',
  ),
  seed: v.optional(integer, 42),
});

/** Which model a classifier has, with its options checked. */
export type ModelChoice =
  | { readonly type: 'auto' }
  | { readonly type: 'ngrams'; readonly config: NgramsConfig }
  | { readonly type: EncoderType; readonly encoder: EncoderChoice };

export type ParsedClassifierOptions = ReturnType<typeof parseClassifierOptions>;

/** Checks the options of `TextClassifier.create`, the encoder's among them. */
export function parseClassifierOptions(options: unknown) {
  const where = 'TextClassifier.create';
  const { encoder, tokenizer, ...parsed } = parseOptions(where, schema, options);
  if (tokenizer && !(tokenizer instanceof Tokenizer) && !TOKENIZER_TYPES.includes(tokenizer.type)) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `${where}: tokenizer.type must be ${TOKENIZER_TYPES.map(show).join(' or ')}, received ${show(tokenizer.type)}.`,
    );
  }
  if (tokenizer instanceof Tokenizer) checkPadding(tokenizer, where);
  const choice = modelChoice(encoder, where);
  if (choice.type === 'ngrams') {
    const given = { tokenizer, maxLength: parsed.maxLength, truncationSide: parsed.truncationSide };
    const stray = Object.entries(given).find(([, value]) => value !== undefined);
    if (stray) {
      throw new AnyformerError(
        'INVALID_ARGUMENT',
        `${where}: ${stray[0]} has no effect on encoder 'ngrams', which reads whole texts; leave it out.`,
      );
    }
  } else if (choice.type !== 'auto') {
    checkLengths(choice.encoder, parsed.maxLength, where);
  }
  return { ...parsed, tokenizer, choice };
}

function modelChoice(
  given: NonNullable<TextClassifierOptions['encoder']> | string,
  where: string,
): ModelChoice {
  const options: { readonly type?: unknown } = typeof given === 'string' ? { type: given } : given;
  const { type = 'transformer' } = options;
  switch (type) {
    case 'auto':
      parseOptions(`${where}: encoder`, v.strictObject({ type: v.literal('auto') }), options);
      return { type };
    case 'ngrams':
      return { type, config: parseNgramsConfig(options as NgramsOptions, `${where}: encoder`) };
    case 'transformer':
    case 'bert':
      for (const owned of ['vocabSize', 'padTokenId'] as const) {
        if (!(owned in options)) continue;
        throw new AnyformerError(
          'UNKNOWN_OPTION',
          `${where}: encoder.${owned} follows from the tokenizer; leave it out, and set tokenizer: { type: 'wordpiece', vocabSize } for another size.`,
        );
      }
      return { type, encoder: { ...(options as EncoderChoice), type } };
    default: {
      const hint = nearestName(String(type), MODEL_TYPES);
      throw new AnyformerError(
        'INVALID_ARGUMENT',
        `${where}: encoder.type must be one of ${MODEL_TYPES.map(show).join(', ')}, received ${show(type)}.${hint ? ` Did you mean ${show(hint)}?` : ''}`,
      );
    }
  }
}

const MODEL_TYPES = ['auto', 'ngrams', 'transformer', 'bert'];

/** Any size of vocabulary will do to find what is wrong with an encoder before the data is read. */
function checkLengths(encoder: EncoderChoice, maxLength: number | undefined, where: string): void {
  const given = { ...(maxLength && { maxPositionEmbeddings: maxLength }), ...encoder };
  const { maxPositionEmbeddings } = parseEncoderConfig(
    { ...given, vocabSize: 1 },
    `${where}: encoder`,
  );
  if (maxLength === undefined || maxPositionEmbeddings >= maxLength) return;
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `${where}: maxLength ${maxLength} is above encoder.maxPositionEmbeddings ${maxPositionEmbeddings}; lower the one or raise the other.`,
  );
}

const TOKENIZER_TYPES: readonly unknown[] = ['wordpiece', 'byte-level-bpe'];

/** Options of `train`: those of the training loop, what to validate on, and how files are read. */
export type ClassifierTrainingOptions = TrainingOptions &
  ExampleFileOptions & {
    /** Examples to evaluate on while training, given as those to learn from. */
    validationData?: ExampleSource;
    /**
     * Share of the examples to hold out for it, in [0, 1); 0 holds none out and measures nothing.
     * Default: follows the data: a tenth to a fifth, or cross-validation, after which the n-gram
     * model learns from all examples.
     */
    validationSplit?: number;
  };

/** Checks the options of `TextClassifier.train`. */
export function parseClassifierTraining(options: ClassifierTrainingOptions | undefined) {
  const examples = v.custom<ExampleSource>((x) => x !== null, 'examples');
  const parsed = parseTaskTraining<ExampleSource, ExampleFileOptions>(
    'TextClassifier.train',
    examples,
    exampleFileEntries,
    options,
    { holdsOutByDefault: true },
  );
  return { ...parsed, validationSplit: options?.validationSplit };
}

export interface PredictOptions {
  /** Texts at a time. Default: 32. */
  batchSize?: number;
  /** How many labels to return for a text, best first. Default: all. */
  topK?: number;
  /**
   * A text whose best label scores lower is answered with 'unknown' first, and so is one that looks
   * like nothing in the training data. In [0, 1]. Default: 0, every text has a label.
   */
  minScore?: number;
  signal?: AbortSignal;
  onProgress?: OnProgress;
}

export type EvaluateOptions = Omit<PredictOptions, 'topK' | 'minScore'> & ExampleFileOptions;

export const evaluateSchema = v.strictObject({ ...evaluateEntries, ...exampleFileEntries });

export const predictSchema = v.strictObject({
  ...evaluateEntries,
  topK: v.optional(positiveInteger),
  minScore: v.optional(
    v.pipe(
      v.number('a number from 0 to 1'),
      v.check((x) => x >= 0 && x <= 1, 'a number from 0 to 1'),
    ),
    0,
  ),
});
