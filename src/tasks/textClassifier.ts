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
 * Learns to label texts, and labels them: spam or ham, positive or negative, a topic, several.
 *
 * A Transformer encoder with a classification head, trained from scratch or further on WebAssembly,
 * on the machine where the texts are. What it saves is a Hugging Face model folder.
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
   * A new classifier. Its vocabulary, labels and weights are made by the first `train`.
   *
   * With `worker` it runs off this thread, by the same calls and to the same bits. Buffers, paths and
   * addresses are used there; Maps, Storages, functions and iterables stay here and are called.
   *
   * @throws AnyformerError `INVALID_ARGUMENT` or `UNKNOWN_OPTION` for options; `UNSUPPORTED` and
   *   `ENGINE` where the engine cannot run.
   */
  static async create<const Label extends string = string>(
    options: TextClassifierOptions<Label> = {},
  ): Promise<TextClassifier<Label>> {
    const parsed = parseClassifierOptions(options);
    const make = () => new TextClassifier<Label>(parsed);
    return createTask<TextClassifier<Label>>(TextClassifier, KIND.name, options, make);
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

  /** The labels, in the order of the model's outputs; undefined until they are known. */
  get labels(): readonly Label[] | undefined {
    return (this.#life.parts?.labels ?? this.#options.labels) as readonly Label[] | undefined;
  }

  /**
   * Trains on examples, from scratch or further. The first call learns the vocabulary and the labels
   * where `create` was given none.
   *
   * The same examples, options and seed give the same weights in every runtime without relaxed SIMD.
   *
   * @param examples the path or address of a csv, tsv, json or jsonl (also .gz, or in a .zip), a File or
   *   Blob, or `{ text, label }` in a list or an AsyncIterable. Rows of a file that cannot be used are
   *   left out, as `warnings` of the result say.
   * @param options those of the training loop (`epochs`, `batchSize`, `learningRate`, …), and
   *   `validationData` or `validationSplit`; `format`, `textColumn` and `labelColumn` for files that do
   *   not tell.
   * @throws AnyformerError `INVALID_DATA` for examples that cannot be learned from,
   *   `NON_FINITE_LOSS` when it diverges, `ABORTED` after `signal`.
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
   * Measures the classifier on labelled examples.
   *
   * @param examples as for `train`.
   * @throws AnyformerError `INVALID_DATA` for a label it does not know, and for no examples; `STORAGE`
   *   for a file that is not there.
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
   * Saves config.json, tokenizer.json, tokenizer_config.json and model.safetensors, all or none.
   *
   * @param target as for {@link TextClassifier.load}, without http and archives: those are read only.
   *   For one file to hand on, save to a `new ZipStorage()` and take its `blob()`.
   * @throws AnyformerError `STORAGE` when it cannot be written; what was there before then stands.
   */
  async save(target: StorageTarget): Promise<void> {
    return this.#life.save(target);
  }

  /** Frees the weights. A training that runs is stopped by it, and then frees them. */
  dispose(): void {
    this.#life.dispose();
  }

  [disposeSymbol](): void {
    this.dispose();
  }
}
