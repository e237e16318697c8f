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

/** Which tokenizer `train` learns from the training texts, and with which options. */
export type TokenizerOptions =
  | ({ type: 'wordpiece' } & Omit<TrainWordPieceOptions, 'signal' | 'onProgress'>)
  | ({ type: 'byte-level-bpe' } & Omit<TrainByteLevelBPEOptions, 'signal' | 'onProgress'>);

/** The options of `TextClassifier.create`. */
export interface TextClassifierOptions<Label extends string = string> {
  /** The labels to choose from, at least two. Default: those of the training examples, sorted. */
  labels?: readonly Label[];
  /** Whether a text may have several labels, or none. Default: false. */
  multiLabel?: boolean;
  /** For an encoder: the maximum length of a text in tokens; longer texts are cut. Default: depends on the data. */
  maxLength?: number;
  /** For an encoder: the side to cut a long text on; 'left' keeps its last words. Default: 'right'. */
  truncationSide?: 'left' | 'right';
  /**
   * For an encoder: a tokenizer, or the options to train one. Default: WordPiece with a vocabulary
   * size that depends on the data.
   */
  tokenizer?: Tokenizer | TokenizerOptions;
  /**
   * The model:
   * - `'auto'` trains an n-gram model and a small Transformer, compares them on held-out rows, and
   *   keeps the better one, or both if their average is better;
   * - `'ngrams'` is a linear model on words and parts of words, which trains in seconds;
   * - `'transformer'` is an encoder trained from scratch;
   * - `'bert'` is Hugging Face's BERT architecture.
   *
   * Pass an object to set the model's own options; its `type` defaults to 'transformer'. Sizes that
   * you leave out depend on the data. Default: 'auto'.
   */
  encoder?: 'auto' | 'ngrams' | EncoderType | { type: 'auto' } | NgramsOptions | EncoderChoice;
  /** Seed of the initial weights, an integer. Default: 42. */
  seed?: number;
  /**
   * Where the task runs: `true` starts a worker of its own, which keeps a page responsive; a worker
   * from `createWorker` can be shared by several tasks; `false` is the calling thread. Default: false.
   */
  worker?: WorkerOption;
}

/** The options of an encoder in a task: all but the vocabulary, which the tokenizer sets. */
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

/** The options of `train`: those of the training loop, of validation, and of reading files. */
export type ClassifierTrainingOptions = TrainingOptions &
  ExampleFileOptions & {
    /** Examples to measure the model on during the training, in any form that `train` takes. */
    validationData?: ExampleSource;
    /**
     * The share of the examples to hold out for validation. From 0, below 1; 0 holds nothing out and
     * measures nothing. Default: a tenth to a fifth, depending on the data, or cross-validation, after
     * which the n-gram model is trained on all examples.
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

/** The options of `TextClassifier.predict`. */
export interface PredictOptions {
  /** The number of texts in a batch. Lower it when memory runs out. Default: 32. */
  batchSize?: number;
  /** The number of labels to return for each text, the best first. Default: all. */
  topK?: number;
  /**
   * The lowest score to accept, from 0 to 1. Below it, and for a text that is unlike the training data,
   * the first label is 'unknown'. Default: 0, only an empty text is 'unknown'.
   */
  minScore?: number;
  /** Stops the work with the error `ABORTED`. */
  signal?: AbortSignal;
  /** Called as the work advances. */
  onProgress?: OnProgress;
}

/** The options of `TextClassifier.evaluate`. */
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
