import { disposeSymbol } from '../core/disposal.ts';
import { parseOptions } from '../core/options.ts';
import type { Warned } from '../core/warnings.ts';
import type { StorageTarget } from '../storage/openStorage.ts';
import { classWeightVector } from '../train/classWeights.ts';
import type { ClassifierParts } from './classification/classifierModel.ts';
import type { ClassifierTrainingResult } from './classification/trainingResult.ts';
import { type ClassificationReport, classificationReport } from './classificationReport.ts';
import {
  CLASSIFIER_FILES,
  openClassifier,
  readClassifierFiles,
  restoreWeights,
  type SavedClassifier,
  toFiles,
} from './classifierFiles.ts';
import {
  type ClassifierTrainingOptions,
  type EvaluateOptions,
  evaluateSchema,
  type ParsedClassifierOptions,
  type PredictOptions,
  parseClassifierOptions,
  parseClassifierTraining,
  predictSchema,
  type TextClassifierOptions,
} from './classifierOptions.ts';
import { createTask } from './createTask.ts';
import {
  checkFileOptions,
  type ExampleFileOptions,
  exampleFileEntries,
  splitOptions,
} from './fileOptions.ts';
import { answer, type LabelScore, scoreLabels } from './labelScores.ts';
import { type LoadOptions, loadTask } from './loadTask.ts';
import { type ExampleSource, openExamples } from './openExamples.ts';
import { type TaskKind, TaskLifecycle } from './taskLifecycle.ts';
import { checkLabelled, checkTrainingExamples } from './textDataset.ts';
import { checkTexts, textsOf } from './textsOf.ts';

const TRAIN = 'TextClassifier.train';

const KIND: TaskKind<ClassifierParts, SavedClassifier> = {
  name: 'TextClassifier',
  fileNames: CLASSIFIER_FILES,
  read: readClassifierFiles,
  open: openClassifier,
  toFiles,
  restore: restoreWeights,
};

/**
 * Classifies texts: trains on texts with labels (spam or ham, positive or negative, a topic, several
 * topics), and predicts the labels of new texts.
 *
 * The model is an n-gram model, a Transformer encoder with a classification head, or both. It is
 * saved as a model folder; `encoder: 'bert'` makes one that Hugging Face's library opens.
 *
 * @example
 * const classifier = await TextClassifier.create({ maxLength: 200 });
 * await classifier.train('films.csv', { epochs: 2 }); // or [{ text: 'A lovely film.', label: 'good' }, …]
 * await classifier.predict('Quiet and lovely.'); // [{ label: 'positive', score: 0.97 }, …]
 * await classifier.save('./model');
 * const again = await TextClassifier.load('./model');
 */
export class TextClassifier<Label extends string = string> {
  readonly #options: ParsedClassifierOptions;
  readonly #life: TaskLifecycle<ClassifierParts>;

  private constructor(options: ParsedClassifierOptions, parts?: ClassifierParts) {
    this.#options = options;
    this.#life = new TaskLifecycle(KIND, parts);
  }

  /**
   * Creates a new classifier. The first `train` makes its vocabulary, labels and weights.
   *
   * With `worker` it runs in a worker, with the same methods and the same results. Buffers, paths and
   * addresses are sent to the worker. Maps, Storages, functions and iterables stay on this thread, and
   * the worker calls them.
   *
   * @param options the labels, the model, the tokenizer, the seed and the worker; all have defaults.
   * @throws AnyformerError `INVALID_ARGUMENT` or `UNKNOWN_OPTION` for options; `UNSUPPORTED` and
   *   `ENGINE` if the engine cannot run.
   */
  static async create<const Label extends string = string>(
    options: TextClassifierOptions<Label> = {},
  ): Promise<TextClassifier<Label>> {
    const parsed = parseClassifierOptions(options);
    const make = () => new TextClassifier<Label>(parsed);
    return createTask<TextClassifier<Label>>(TextClassifier, KIND.name, options, make);
  }

  /**
   * Loads a saved classifier, or one of Hugging Face (BertForSequenceClassification).
   *
   * @param source a folder's path, an http(s) URL, a zip archive (Blob, File or buffer), a Map of file
   *   names to bytes, in browsers `opfs://…` or `indexeddb://…`, an R2 bucket or KV namespace, or a
   *   Storage.
   * @throws AnyformerError `STORAGE` when a file is missing, `INVALID_FILE` when one is corrupt or
   *   not of this format, `UNSUPPORTED` for another kind of model.
   */
  static async load<const Label extends string = string>(
    source: StorageTarget,
    options: LoadOptions = {},
  ): Promise<TextClassifier<Label>> {
    const make = (parts: ClassifierParts) => {
      const { labels, multiLabel } = parts;
      return new TextClassifier<Label>(parseClassifierOptions({ labels, multiLabel }), parts);
    };
    const task: { readonly prototype: TextClassifier<Label> } = TextClassifier;
    return loadTask(task, KIND, source, options, make);
  }

  /** The labels, in the order of the model's outputs; undefined before `train` if `create` received none. */
  get labels(): readonly Label[] | undefined {
    return (this.#life.parts?.labels ?? this.#options.labels) as readonly Label[] | undefined;
  }

  /**
   * Trains the model on labelled texts. The first call also finds the labels and trains the
   * tokenizer, unless `create` received them. Later calls train the same model further.
   *
   * The same examples, options and seed give the same weights in every runtime without relaxed SIMD.
   *
   * @param examples the path or address of a csv, tsv, json or jsonl (also .gz, or in a .zip), a File or
   *   Blob, or `{ text, label }` in a list or an AsyncIterable. Rows of a file that cannot be used are
   *   left out and listed in `warnings` of the result.
   * @param options those of the training loop (`epochs`, `batchSize`, `learningRate`, …), and
   *   `validationData` or `validationSplit`; `format`, `textColumn` and `labelColumn` if the
   *   file does not show them.
   * @returns the log, the accuracy on held-out rows, the options used, and warnings.
   * @throws AnyformerError `INVALID_DATA` for examples that cannot be used, `NON_FINITE_LOSS` when the
   *   loss becomes NaN or infinite, `ABORTED` after `signal`.
   */
  async train(
    examples: ExampleSource,
    options: ClassifierTrainingOptions = {},
  ): Promise<ClassifierTrainingResult> {
    return this.#life.training(async () => {
      const { validationData, validationSplit, training, seed, file } =
        parseClassifierTraining(options);
      checkFileOptions(TRAIN, file, [examples, validationData]);
      const reading = { ...file, what: 'Training', signal: training.signal };
      const all = await openExamples(examples, TRAIN, reading);
      const held = await openExamples(validationData, `${TRAIN}: validationData`, reading);
      const { multiLabel } = this.#options;
      const known = { labels: this.labels, multiLabel };
      const checked = checkTrainingExamples(all.examples, held.examples, known);
      // Refuses weights of labels that there are not.
      if (training.classWeight) classWeightVector(training.classWeight, checked.labels);
      // An app that only predicts does not carry what trains.
      const { trainClassifier } = await import('./classification/trainClassifier.ts');
      const result = await trainClassifier({
        ...checked,
        life: this.#life,
        options: this.#options,
        training,
        validationSplit,
        seed,
      });
      return { ...result, warnings: [...all.warnings, ...held.warnings, ...result.warnings] };
    });
  }

  /**
   * Predicts the labels of one text or of many.
   *
   * The scores are probabilities. They add up to 1 over all labels; with `multiLabel` each label has a
   * probability of its own.
   *
   * @returns for each text its labels with their scores, the highest score first.
   * @throws AnyformerError `INVALID_DATA` for a value that is not a string, with its position.
   *
   * @example
   * const [best] = await classifier.predict('Quiet and lovely.', { topK: 1 });
   */
  async predict(text: string, options?: PredictOptions): Promise<LabelScore<Label>[]>;
  async predict(texts: readonly string[], options?: PredictOptions): Promise<LabelScore<Label>[][]>;
  async predict(
    input: string | readonly string[],
    options: PredictOptions = {},
  ): Promise<LabelScore<Label>[] | LabelScore<Label>[][]> {
    const parts = this.#life.ready('predict');
    const { topK, minScore, ...rest } = parseOptions(
      'TextClassifier.predict',
      predictSchema,
      options,
    );
    const texts = checkTexts(textsOf('TextClassifier.predict', input));
    const { checkAlive } = this.#life;
    const logits = await parts.model.logits(texts, 'predict', { ...rest, checkAlive });
    const scores = logits.map((row, n) =>
      answer(texts[n]!, scoreLabels(row, parts), minScore, parts.knownWords).slice(0, topK),
    );
    const named = scores as LabelScore<Label>[][];
    return typeof input === 'string' ? named[0]! : named;
  }

  /**
   * Measures the classifier on labelled texts: loss, accuracy, F1, confusion matrix.
   *
   * @param examples as for `train`.
   * @throws AnyformerError `INVALID_DATA` for an unknown label or without examples; `STORAGE` for a file
   *   that does not exist.
   *
   * @example
   * const { accuracy } = await classifier.evaluate('heldOut.csv');
   */
  async evaluate(
    examples: ExampleSource,
    options: EvaluateOptions = {},
  ): Promise<ClassificationReport & Warned> {
    const where = 'TextClassifier.evaluate';
    const parts = this.#life.ready('evaluate');
    const parsed = parseOptions(where, evaluateSchema, options);
    const { file } = splitOptions<ExampleFileOptions, object>(exampleFileEntries, options);
    checkFileOptions(where, file, [examples]);
    const reading = { ...file, what: 'Evaluation', signal: parsed.signal };
    const { examples: all, warnings } = await openExamples(examples, where, reading);
    const { examples: labelled, targets } = checkLabelled(all, parts, where);
    const { checkAlive } = this.#life;
    const texts = labelled.map(({ text }) => text);
    const logits = await parts.model.logits(texts, 'evaluate', { ...parsed, checkAlive });
    return { ...classificationReport(logits, targets, parts.labels, parts.multiLabel), warnings };
  }

  /**
   * Saves config.json, tokenizer.json, tokenizer_config.json and model.safetensors: all of them, or none
   * after an error.
   *
   * @param target as for {@link TextClassifier.load}, without http and archives, which are read-only.
   *   To get a single file, save to a `new ZipStorage()` and take its `blob()`.
   * @throws AnyformerError `STORAGE` when it cannot be written; the files that were there stay.
   */
  async save(target: StorageTarget): Promise<void> {
    return this.#life.save(target);
  }

  /** Frees the memory of the model. A training in progress stops first. Calls after it fail. */
  dispose(): void {
    this.#life.dispose();
  }

  [disposeSymbol](): void {
    this.dispose();
  }
}
