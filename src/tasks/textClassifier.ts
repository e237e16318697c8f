import { runtime } from '#runtime';
import { AnyformerError, show } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import type { OnProgress } from '../core/progress.ts';
import { collectExamples, type TextExamples } from '../data/collectExamples.ts';
import type { TextExample } from '../data/labels.ts';
import { createEngine } from '../kernels/createEngine.ts';
import { SequenceClassifier } from '../models/sequenceClassifier.ts';
import { openStorage, type StorageTarget } from '../storage/openStorage.ts';
import { readSealedFiles, sealFiles } from '../storage/sealedFiles.ts';
import type { Encoding, Tokenizer } from '../tokenizers/index.ts';
import { classWeightVector } from '../train/classWeights.ts';
import { hasOverflowed } from '../train/hasOverflowed.ts';
import { type TrainingResult, train } from '../train/trainer.ts';
import type { TrainingOptions } from '../train/trainingOptions.ts';
import {
  type ClassificationReport,
  classificationReport,
  numbersOf,
} from './classificationReport.ts';
import {
  CLASSIFIER_FILES,
  type ClassifierParts,
  openClassifier,
  readClassifierFiles,
  restoreWeights,
  toFiles,
} from './classifierFiles.ts';
import {
  type ClassifierTrainingOptions,
  type EvaluateOptions,
  evaluateSchema,
  type LoadOptions,
  loadSchema,
  type ParsedClassifierOptions,
  type PredictOptions,
  parseClassifierOptions,
  parseClassifierTraining,
  predictSchema,
  type TextClassifierOptions,
} from './classifierOptions.ts';
import { makeTokenizer } from './classifierTokenizer.ts';
import { inWorker } from './inWorker.ts';
import { computeLogits, type LabelScore, scoreLabels } from './labelScores.ts';
import { asLoadProgress } from './loadProgress.ts';
import { SequenceClassification } from './sequenceClassification.ts';
import { encodeExamples, prepareExamples, type TextDataset } from './textDataset.ts';

const NAME = 'TextClassifier';
const TRAIN = 'TextClassifier.train';

interface Slow {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/**
 * Learns to label texts, and labels them: spam or ham, positive or negative, a topic, several.
 *
 * A Transformer encoder with a classification head, trained from scratch or further on WebAssembly,
 * on the machine where the texts are. What it saves is a Hugging Face model folder.
 *
 * @example
 * const classifier = await TextClassifier.create({ maxLength: 200 });
 * await classifier.train([{ text: 'A lovely film.', label: 'positive' }, …], { epochs: 2 });
 * await classifier.predict('Quiet and lovely.'); // [{ label: 'positive', score: 0.97 }, …]
 * await classifier.save('./model');
 * const again = await TextClassifier.load('./model');
 */
export class TextClassifier {
  readonly #options: ParsedClassifierOptions;
  #parts: ClassifierParts | undefined;
  #training = false;
  #disposed = false;

  private constructor(options: ParsedClassifierOptions, parts?: ClassifierParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /**
   * A new classifier. Its vocabulary, labels and weights are made by the first `train`.
   *
   * With `worker` it runs off this thread, by the same calls and to the same bits. Buffers, paths and
   * addresses are used there; Maps, Storages, functions and iterables stay here and are called.
   *
   * @throws AnyformerError `INVALID_ARGUMENT` or `UNKNOWN_OPTION` for options; `UNSUPPORTED` and
   *   `ENGINE` where the engine cannot run.
   */
  static async create(options: TextClassifierOptions = {}): Promise<TextClassifier> {
    const parsed = parseClassifierOptions(options);
    const { worker, ...rest } = options;
    if (worker) {
      return inWorker(TextClassifier, { name: NAME, how: 'create', args: [rest] }, worker);
    }
    await createEngine();
    return new TextClassifier(parsed);
  }

  /**
   * A saved classifier, or one of Hugging Face (BertForSequenceClassification).
   *
   * @param source a folder's path, an http(s) URL, a zip archive (Blob, File or buffer), a Map of file
   *   names to bytes, in browsers `opfs://…` or `indexeddb://…`, an R2 bucket or KV namespace, or a
   *   Storage.
   * @throws AnyformerError `STORAGE` when a file is not there, `INVALID_FILE` when one is torn or
   *   foreign, `UNSUPPORTED` for another kind of model.
   */
  static async load(source: StorageTarget, options: LoadOptions = {}): Promise<TextClassifier> {
    const { worker, ...rest } = parseOptions('TextClassifier.load', loadSchema, options);
    if (worker) {
      return inWorker(TextClassifier, { name: NAME, how: 'load', args: [source, rest] }, worker);
    }
    const { signal, onProgress } = rest;
    const storage = openStorage(source, runtime);
    const reading = readSealedFiles(storage, CLASSIFIER_FILES, {
      signal,
      ...(onProgress && { onProgress: asLoadProgress(onProgress) }),
    });
    const [saved] = await Promise.all([
      reading.then((files) => readClassifierFiles(files, storage.location)),
      createEngine(),
    ]);
    const parts = openClassifier(saved);
    const { labels, multiLabel, maxLength, truncationSide, tokenizer } = parts;
    const parsed = parseClassifierOptions({
      labels,
      multiLabel,
      maxLength,
      truncationSide,
      tokenizer,
    });
    return new TextClassifier(parsed, parts);
  }

  /** The labels, in the order of the model's outputs; undefined until they are known. */
  get labels(): readonly string[] | undefined {
    return this.#parts?.labels ?? this.#options.labels;
  }

  /**
   * Trains on examples, from scratch or further. The first call learns the vocabulary and the labels
   * where `create` was given none.
   *
   * The same examples, options and seed give the same weights in every runtime without relaxed SIMD.
   *
   * @param examples a list, or an AsyncIterable that is read to its end before it begins.
   * @param options those of the training loop (`epochs`, `batchSize`, `learningRate`, …), and
   *   `validationData` or `validationSplit`.
   * @throws AnyformerError `INVALID_DATA` for examples that cannot be learned from,
   *   `NON_FINITE_LOSS` when it diverges, `ABORTED` after `signal`.
   */
  async train(
    examples: TextExamples,
    options: ClassifierTrainingOptions = {},
  ): Promise<TrainingResult> {
    this.#checkAlive();
    if (this.#training) {
      throw new AnyformerError(
        'INVALID_ARGUMENT',
        'TextClassifier.train is running already; wait for it, or stop it by its signal.',
      );
    }
    const { validationData, validationSplit, training, seed } = parseClassifierTraining(options);
    this.#training = true;
    try {
      const all = await collectExamples(examples, 'Training', training.signal);
      const { labels, learn, validate } = prepareExamples(all, validationData, {
        labels: this.labels,
        multiLabel: this.#options.multiLabel,
        validationSplit,
        seed,
      });
      // Refuses weights of labels that there are not.
      if (training.classWeight) classWeightVector(training.classWeight, labels);
      return await this.#learn(labels, learn, validate, training);
    } finally {
      this.#training = false;
      if (this.#disposed) this.#release();
    }
  }

  /**
   * Labels one text or many.
   *
   * Scores are probabilities: over all labels together, or with `multiLabel` for each on its own.
   *
   * @returns for each text its labels, best first.
   * @throws AnyformerError `INVALID_DATA` for what is not a string, naming its position.
   *
   * @example
   * const [best] = await classifier.predict('Quiet and lovely.', { topK: 1 });
   */
  async predict(text: string, options?: PredictOptions): Promise<LabelScore[]>;
  async predict(texts: readonly string[], options?: PredictOptions): Promise<LabelScore[][]>;
  async predict(
    input: string | readonly string[],
    options: PredictOptions = {},
  ): Promise<LabelScore[] | LabelScore[][]> {
    const parts = this.#ready('predict');
    const { topK, ...rest } = parseOptions('TextClassifier.predict', predictSchema, options);
    if (typeof input !== 'string' && !Array.isArray(input)) {
      throw new AnyformerError(
        'INVALID_DATA',
        `TextClassifier.predict takes a text or a list of texts, received ${show(input)}.`,
      );
    }
    const texts = typeof input === 'string' ? [input] : (input as readonly string[]);
    const encodings = await parts.tokenizer.encodeAll(texts, {
      maxLength: parts.maxLength,
      truncationSide: parts.truncationSide,
      ...(rest.signal && { signal: rest.signal }),
    });
    const logits = await this.#logits(parts, encodings, { ...rest, phase: 'predict' });
    const scores = logits.map((row) => scoreLabels(row, parts).slice(0, topK));
    return typeof input === 'string' ? scores[0]! : scores;
  }

  /**
   * Measures the classifier on labelled examples.
   *
   * @throws AnyformerError `INVALID_DATA` for a label it does not know, and for no examples.
   */
  async evaluate(
    examples: TextExamples,
    options: EvaluateOptions = {},
  ): Promise<ClassificationReport> {
    const parts = this.#ready('evaluate');
    const parsed = parseOptions('TextClassifier.evaluate', evaluateSchema, options);
    const all = await collectExamples(examples, 'Evaluation', parsed.signal);
    const dataset = await encodeExamples(all, parts, 'TextClassifier.evaluate', parsed);
    return this.#measure(parts, dataset, parsed);
  }

  /**
   * Saves config.json, tokenizer.json, tokenizer_config.json and model.safetensors, all or none.
   *
   * @param target as for {@link TextClassifier.load}, without http and archives: those are read only.
   *   For one file to hand on, save to a `new ZipStorage()` and take its `blob()`.
   * @throws AnyformerError `STORAGE` when it cannot be written; what was there before then stands.
   */
  async save(target: StorageTarget): Promise<void> {
    const files = sealFiles(toFiles(this.#ready('save')));
    await openStorage(target, runtime).write(files);
  }

  /** Frees the weights. A training that runs is stopped by it, and then frees them. */
  dispose(): void {
    this.#disposed = true;
    if (!this.#training) this.#release();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #release(): void {
    this.#parts?.model.dispose();
    this.#parts = undefined;
  }

  /** Makes what is not there yet and trains it. Without a first step nothing of it stays. */
  async #learn(
    labels: readonly string[],
    learn: readonly TextExample[],
    validate: readonly TextExample[] | undefined,
    options: TrainingOptions,
  ): Promise<TrainingResult> {
    const isFirst = this.#parts === undefined;
    let parts = this.#parts;
    const onProgress: OnProgress = (progress) => {
      this.#checkAlive();
      if (progress.phase === 'train') this.#parts = parts;
      return options.onProgress?.(progress);
    };
    const slow = { signal: options.signal, onProgress };
    const { tokenizer: wanted, maxLength, truncationSide, multiLabel } = this.#options;
    const tokenizer = parts?.tokenizer ?? (await makeTokenizer(wanted, learn, slow));
    const encoding = parts ?? { tokenizer, labels, maxLength, truncationSide, multiLabel };
    const data = await encodeExamples(learn, encoding, TRAIN, slow);
    const held = validate && (await encodeExamples(validate, encoding, TRAIN, slow));
    parts ??= { ...encoding, model: this.#newModel(tokenizer, labels.length) };
    try {
      return await this.#fit(parts, data, held, { ...options, onProgress });
    } catch (error) {
      // The next attempt then begins anew instead of going on from what nothing can be made of.
      if (isFirst && hasOverflowed(parts.model)) this.#parts = undefined;
      throw error;
    } finally {
      if (parts !== this.#parts) parts.model.dispose();
    }
  }

  #newModel(tokenizer: Tokenizer, numLabels: number): SequenceClassifier {
    const { encoder, seed } = this.#options;
    const { vocabSize, padTokenId } = tokenizer;
    return new SequenceClassifier(
      { encoder: { ...encoder, vocabSize, padTokenId: padTokenId! }, numLabels },
      seed,
    );
  }

  #fit(
    parts: ClassifierParts,
    data: TextDataset,
    held: TextDataset | undefined,
    options: TrainingOptions,
  ): Promise<TrainingResult> {
    const task = new SequenceClassification(parts.model, parts.labels, parts.multiLabel);
    return train(task, data, options, {
      name: TRAIN,
      openStorage: (target) => openStorage(target, runtime),
      saveModel: () => toFiles(parts),
      loadModel: (files) => {
        restoreWeights(parts, files);
        this.#parts = parts;
      },
      ...(held && {
        evaluate: async ({ signal }) => {
          const report = await this.#measure(parts, held, { batchSize: 32, signal });
          return numbersOf(report);
        },
      }),
    });
  }

  async #measure(
    parts: ClassifierParts,
    dataset: TextDataset,
    options: { batchSize: number } & Slow,
  ): Promise<ClassificationReport> {
    const logits = await this.#logits(parts, dataset.encodings, { ...options, phase: 'evaluate' });
    return classificationReport(logits, dataset.targets, parts.labels, parts.multiLabel);
  }

  #logits(
    parts: ClassifierParts,
    encodings: readonly Encoding[],
    options: { batchSize: number; phase: string } & Slow,
  ): Promise<Float32Array[]> {
    return computeLogits(parts, encodings, { ...options, checkAlive: () => this.#checkAlive() });
  }

  #checkAlive(): void {
    if (!this.#disposed) return;
    throw new AnyformerError(
      'DISPOSED',
      'This TextClassifier was disposed of; create or load another.',
    );
  }

  #ready(method: string): ClassifierParts {
    this.#checkAlive();
    if (this.#parts) return this.#parts;
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `TextClassifier.${method} needs a trained model and there is none yet; call train first, or TextClassifier.load.`,
    );
  }
}
