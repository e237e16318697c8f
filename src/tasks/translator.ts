import { disposeSymbol } from '../core/disposal.ts';
import type { Warned } from '../core/warnings.ts';
import type { TextPair } from '../data/pairs.ts';
import { EncoderDecoder } from '../models/encoderDecoder.ts';
import type { StorageTarget } from '../storage/openStorage.ts';
import { corpusBleu } from '../train/bleu.ts';
import { corpusChrf } from '../train/chrf.ts';
import type { TrainingResult } from '../train/trainer.ts';
import type { TrainingOptions } from '../train/trainingOptions.ts';
import { createTask } from './createTask.ts';
import { divergenceWarnings } from './dataWarnings.ts';
import { checkFileOptions } from './fileOptions.ts';
import { holdOutPairs } from './holdOutPairs.ts';
import { type LoadOptions, loadTask } from './loadTask.ts';
import { openPairs, type PairSource } from './openPairs.ts';
import { encodePairs } from './pairDataset.ts';
import { SequenceToSequence } from './sequenceToSequence.ts';
import { type Slow, type TaskKind, TaskLifecycle } from './taskLifecycle.ts';
import { textsOf } from './textsOf.ts';
import { translateTexts } from './translateTexts.ts';
import { measurePairs, type TranslationReport } from './translationReport.ts';
import {
  openTranslator,
  readTranslatorFiles,
  restoreTranslator,
  type SavedTranslator,
  TRANSLATOR_FILES,
  type TranslatorParts,
  toTranslatorFiles,
} from './translatorFiles.ts';
import {
  type EvaluateTranslationOptions,
  type ParsedTranslatorOptions,
  parseEvaluate,
  parseTranslate,
  parseTranslatorOptions,
  parseTranslatorTraining,
  type TranslateOptions,
  type TranslatorOptions,
  type TranslatorTrainingOptions,
} from './translatorOptions.ts';
import { makeTokenizers, vocabularyOptions } from './translatorTokenizers.ts';

const TRAIN = 'Translator.train';

const KIND: TaskKind<TranslatorParts, SavedTranslator> = {
  name: 'Translator',
  fileNames: TRANSLATOR_FILES,
  read: readTranslatorFiles,
  open: openTranslator,
  toFiles: toTranslatorFiles,
  restore: restoreTranslator,
};

/**
 * Translates texts: trains on pairs of a source and a target text, and predicts the target of new
 * sources. The pairs can be two languages, spelling and pronunciation, or dates in two formats.
 *
 * The model is a Transformer encoder-decoder, trained from scratch or fine-tuned. It is saved as a
 * Hugging Face model folder.
 *
 * @example
 * const translator = await Translator.create({ maxLength: 40 });
 * await translator.train('pairs.tsv', { epochs: 5 }); // or [{ source: 'Go.', target: 'Vete.' }, …]
 * await translator.predict('Go.'); // 'Vete.'
 * await translator.save('./model');
 * const again = await Translator.load('./model');
 */
export class Translator {
  readonly #options: ParsedTranslatorOptions | undefined;
  readonly #life: TaskLifecycle<TranslatorParts>;

  private constructor(options: ParsedTranslatorOptions | undefined, parts?: TranslatorParts) {
    this.#options = options;
    this.#life = new TaskLifecycle(KIND, parts);
  }

  /**
   * Creates a new translator. The first `train` makes its vocabularies and weights.
   *
   * With `worker` it runs in a worker, with the same methods and the same results. There
   * `logitsProcessors` and `stoppingCriteria` raise `UNSUPPORTED`.
   *
   * @param options the model, the tokenizers, the maximum length, the seed and the worker; all have
   *   defaults.
   * @throws AnyformerError `INVALID_ARGUMENT` or `UNKNOWN_OPTION` for options; `UNSUPPORTED` and
   *   `ENGINE` if the engine cannot run.
   */
  static async create(options: TranslatorOptions = {}): Promise<Translator> {
    const parsed = parseTranslatorOptions(options);
    return createTask(Translator, KIND.name, options, () => new Translator(parsed));
  }

  /**
   * Loads a saved translator, or one of Hugging Face (BART, Marian) with a tokenizer.json. The
   * options in its generation_config.json become the defaults of `predict`.
   *
   * @param source a folder's path, an http(s) URL, a Map of file names to bytes, or a Storage.
   * @throws AnyformerError `STORAGE` when a file is missing, `INVALID_FILE` when one is corrupt or
   *   not of this format, `UNSUPPORTED` for another kind of model.
   */
  static async load(source: StorageTarget, options: LoadOptions = {}): Promise<Translator> {
    const make = (parts: TranslatorParts) => new Translator(undefined, parts);
    return loadTask(Translator, KIND, source, options, make);
  }

  /**
   * Trains the model on pairs of texts. The first call also trains the tokenizers, unless `create`
   * received them. Later calls train the same model further. Texts longer than `maxLength` are cut at
   * their end.
   *
   * The same pairs, options and seed give the same weights in every runtime without relaxed SIMD.
   *
   * @param pairs the path or address of a csv, tsv, json or jsonl (also .gz, or in a .zip), a File or
   *   Blob, or `{ source, target }` or `[source, target]` in an array or as they arrive. Rows of a file
   *   that cannot be used are left out and listed in `warnings` of the result.
   * @param options those of the training loop (`epochs`, `batchSize`, `learningRate`, …), and
   *   `validationData` or `validationSplit` to measure loss and token accuracy on; `format`,
   *   `sourceColumn` and `targetColumn` if the file does not show them.
   * @returns the log, the final losses, and warnings about the data and the training.
   * @throws AnyformerError `INVALID_DATA` for pairs that cannot be used, `STORAGE` for a file that does
   *   not exist, `NON_FINITE_LOSS` when the loss becomes NaN or infinite, `ABORTED` after `signal`.
   */
  async train(pairs: PairSource, options: TranslatorTrainingOptions = {}): Promise<TrainingResult> {
    return this.#life.training(async () => {
      const { validationData, validationSplit, training, seed, file } =
        parseTranslatorTraining(options);
      checkFileOptions(TRAIN, file, [pairs, validationData]);
      const reading = { ...file, signal: training.signal };
      const all = await openPairs(pairs, TRAIN, reading);
      const held =
        validationData === undefined
          ? undefined
          : await openPairs(validationData, `${TRAIN}: validationData`, reading);
      const parted = holdOutPairs(all.pairs, held?.pairs, { validationSplit, seed });
      const result = await this.#learn(parted.learn, parted.validate, training);
      const ofFiles = [...all.warnings, ...(held?.warnings ?? [])];
      const guess = Math.log(this.#life.ready('train').model.config.decoderVocabSize);
      const diverged = divergenceWarnings(result.trainLoss, guess, training);
      return { ...result, warnings: [...ofFiles, ...result.warnings, ...diverged] };
    });
  }

  /**
   * Translates one text or many. By default it uses beam search with 4 beams.
   *
   * A text of white space only gives ''. A text longer than `maxLength` tokens is cut
   * at its end.
   *
   * @returns for each text its translation.
   * @throws AnyformerError `INVALID_DATA` for a value that is not a string, with its position; `ABORTED`
   *   after `signal`.
   *
   * @example
   * const [first, second] = await translator.predict(['Go.', 'Run!']);
   */
  async predict(text: string, options?: TranslateOptions): Promise<string>;
  async predict(texts: readonly string[], options?: TranslateOptions): Promise<string[]>;
  async predict(
    input: string | readonly string[],
    options: TranslateOptions = {},
  ): Promise<string | string[]> {
    const parts = this.#life.ready('predict');
    const parsed = parseTranslate('Translator.predict', options, parts);
    const texts = textsOf('Translator.predict', input);
    const { checkAlive } = this.#life;
    const results = await translateTexts(parts, texts, { ...parsed, checkAlive });
    return typeof input === 'string' ? results[0]! : results;
  }

  /**
   * Measures the translator on pairs: the loss and accuracy of the next token, and the BLEU and chrF
   * of its translations, as sacreBLEU computes them.
   *
   * @param pairs as for `train`.
   * @throws AnyformerError `INVALID_DATA` for pairs that cannot be used or without pairs; `STORAGE` for a
   *   file that does not exist.
   *
   * @example
   * const { bleu } = await translator.evaluate('heldOut.tsv');
   */
  async evaluate(
    pairs: PairSource,
    options: EvaluateTranslationOptions = {},
  ): Promise<TranslationReport & Warned> {
    const parts = this.#life.ready('evaluate');
    const where = 'Translator.evaluate';
    const { file, ...parsed } = parseEvaluate(where, options, parts);
    checkFileOptions(where, file, [pairs]);
    const { signal, onProgress } = parsed.generation;
    const { pairs: all, warnings } = await openPairs(pairs, where, { ...file, signal });
    const data = await encodePairs(all, parts, parts.model.config, { signal, onProgress });
    const { checkAlive } = this.#life;
    const sources = all.map(({ source }) => source);
    const report = await measurePairs(parts.model, data, {
      ...{ batchSize: parsed.batchSize, signal, onProgress, checkAlive },
    });
    const translations = await translateTexts(parts, sources, { ...parsed, checkAlive });
    const references = all.map(({ target }) => target);
    return {
      ...report,
      bleu: corpusBleu(translations, references),
      chrf: corpusChrf(translations, references),
      warnings,
    };
  }

  /**
   * Saves config.json, generation_config.json, tokenizer.json, tokenizer_config.json and
   * model.safetensors, and the files of the target's tokenizer if it has its own: all of them, or none after
   * an error.
   *
   * @param target a folder's path, a Map to be filled, or a Storage.
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

  #learn(
    learn: readonly TextPair[],
    validate: readonly TextPair[] | undefined,
    options: TrainingOptions,
  ): Promise<TrainingResult> {
    const { checkAlive } = this.#life;
    const makeParts = (slow: Slow) => this.#newParts(learn, slow);
    return this.#life.learn(options, makeParts, async (parts, slow) => {
      const { model } = parts;
      const data = await encodePairs(learn, parts, model.config, slow);
      const held = validate && (await encodePairs(validate, parts, model.config, slow));
      return {
        model: new SequenceToSequence(model),
        data,
        ...(held && {
          evaluate: ({ signal }) =>
            measurePairs(model, held, { batchSize: 32, signal, checkAlive }),
        }),
      };
    });
  }

  async #newParts(pairs: readonly TextPair[], slow: Slow): Promise<TranslatorParts> {
    const { tokenizers: wanted, model: options, maxLength, seed } = this.#options!;
    const tokenizers = await makeTokenizers(wanted, pairs, slow);
    this.#life.checkAlive();
    const model = new EncoderDecoder({ ...options, ...vocabularyOptions(tokenizers) }, seed);
    const { decoderStartTokenId, padTokenId, eosTokenId } = model.config;
    const generation = { decoderStartTokenId, padTokenId, eosTokenId, maxLength, numBeams: 4 };
    return { model, tokenizers, maxLength, generation };
  }
}
