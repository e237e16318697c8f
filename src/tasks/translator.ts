import { runtime } from '#runtime';
import { AnyformerError, show } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import type { OnProgress } from '../core/progress.ts';
import type { TextPair } from '../data/pairs.ts';
import { createEngine } from '../kernels/createEngine.ts';
import { EncoderDecoder } from '../models/encoderDecoder.ts';
import { openStorage, type StorageTarget } from '../storage/openStorage.ts';
import { readSealedFiles, sealFiles } from '../storage/sealedFiles.ts';
import { corpusBleu } from '../train/bleu.ts';
import { corpusChrf } from '../train/chrf.ts';
import { hasOverflowed } from '../train/hasOverflowed.ts';
import { type TrainingResult, train } from '../train/trainer.ts';
import type { TrainingOptions } from '../train/trainingOptions.ts';
import { type LoadOptions, loadSchema } from './classifierOptions.ts';
import { holdOutPairs } from './holdOutPairs.ts';
import { inWorker } from './inWorker.ts';
import { asLoadProgress } from './loadProgress.ts';
import { encodePairs, type PairDataset } from './pairDataset.ts';
import { readPairSource } from './readPairSource.ts';
import { SequenceToSequence } from './sequenceToSequence.ts';
import { translateTexts } from './translateTexts.ts';
import { measurePairs, type TranslationReport } from './translationReport.ts';
import {
  openTranslator,
  readTranslatorFiles,
  restoreTranslator,
  TRANSLATOR_FILES,
  type TranslatorParts,
  toTranslatorFiles,
} from './translatorFiles.ts';
import {
  type PairSource,
  type ParsedTranslatorOptions,
  parseTranslate,
  parseTranslatorOptions,
  parseTranslatorTraining,
  type TranslateOptions,
  type TranslatorOptions,
  type TranslatorTrainingOptions,
} from './translatorOptions.ts';
import { makeTokenizers, vocabularyOptions } from './translatorTokenizers.ts';

const NAME = 'Translator';
const TRAIN = 'Translator.train';
const openFolder = (target: StorageTarget) => openStorage(target, runtime);

/**
 * Learns to turn texts into other texts, and turns them: a language into another, spelling into
 * sounds, dates into one form of them.
 *
 * A Transformer encoder-decoder, trained from scratch or further on WebAssembly, on the machine where
 * the texts are. What it saves is a model folder as Hugging Face's.
 *
 * @example
 * const translator = await Translator.create({ maxLength: 40 });
 * await translator.train([{ source: 'Go.', target: 'Vete.' }, …], { epochs: 5 });
 * await translator.predict('Go.'); // 'Vete.'
 * await translator.save('./model');
 * const again = await Translator.load('./model');
 */
export class Translator {
  readonly #options: ParsedTranslatorOptions | undefined;
  #parts: TranslatorParts | undefined;
  #training = false;
  #disposed = false;

  private constructor(options: ParsedTranslatorOptions | undefined, parts?: TranslatorParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /**
   * A new translator. Its vocabularies and weights are made by the first `train`.
   *
   * With `worker` it runs off this thread, by the same calls and to the same bits. Functions that say
   * how to write (`logitsProcessors`, `stoppingCriteria`) cannot be called from there: `UNSUPPORTED`.
   *
   * @throws AnyformerError `INVALID_ARGUMENT` or `UNKNOWN_OPTION` for options; `UNSUPPORTED` and
   *   `ENGINE` where the engine cannot run.
   */
  static async create(options: TranslatorOptions = {}): Promise<Translator> {
    const parsed = parseTranslatorOptions(options);
    const { worker, ...rest } = options;
    if (worker) {
      return inWorker(Translator, { name: NAME, how: 'create', args: [rest] }, worker);
    }
    await createEngine();
    return new Translator(parsed);
  }

  /**
   * A saved translator, or one of Hugging Face (BART, Marian) with a tokenizer.json. What its
   * generation_config.json says are the defaults of `predict`.
   *
   * @param source a folder's path, an http(s) URL, a Map of file names to bytes, or a Storage.
   * @throws AnyformerError `STORAGE` when a file is not there, `INVALID_FILE` when one is torn or
   *   foreign, `UNSUPPORTED` for another kind of model.
   */
  static async load(source: StorageTarget, options: LoadOptions = {}): Promise<Translator> {
    const { worker, ...rest } = parseOptions('Translator.load', loadSchema, options);
    if (worker) {
      return inWorker(Translator, { name: NAME, how: 'load', args: [source, rest] }, worker);
    }
    const { signal, onProgress } = rest;
    const storage = openFolder(source);
    const reading = readSealedFiles(storage, TRANSLATOR_FILES, {
      signal,
      ...(onProgress && { onProgress: asLoadProgress(onProgress) }),
    });
    const [saved] = await Promise.all([
      reading.then((files) => readTranslatorFiles(files, storage.location)),
      createEngine(),
    ]);
    return new Translator(undefined, openTranslator(saved));
  }

  /**
   * Trains on pairs, from scratch or further. The first call learns the vocabularies where `create`
   * was given none. Texts longer than `maxLength` are cut at their end.
   *
   * The same pairs, options and seed give the same weights in every runtime without relaxed SIMD.
   *
   * @param pairs `{ source, target }` or `[source, target]`, in an array or as they arrive, or the
   *   path of a .tsv, .csv or .jsonl file with the columns `source` and `target`.
   * @param options those of the training loop (`epochs`, `batchSize`, `learningRate`, …), and
   *   `validationData` or `validationSplit`, which give loss and token accuracy.
   * @throws AnyformerError `INVALID_DATA` for pairs that cannot be learned from,
   *   `NON_FINITE_LOSS` when it diverges, `ABORTED` after `signal`.
   */
  async train(pairs: PairSource, options: TranslatorTrainingOptions = {}): Promise<TrainingResult> {
    this.#checkAlive();
    if (this.#training) {
      throw new AnyformerError(
        'INVALID_ARGUMENT',
        'Translator.train is running already; wait for it, or stop it by its signal.',
      );
    }
    const { validationData, validationSplit, training, seed } = parseTranslatorTraining(options);
    this.#training = true;
    try {
      const all = await readPairSource(pairs, TRAIN, openFolder);
      const held =
        validationData === undefined
          ? undefined
          : await readPairSource(validationData, `${TRAIN}: validationData`, openFolder);
      const { learn, validate } = holdOutPairs(all, held, { validationSplit, seed });
      this.#checkAlive();
      return await this.#learn(learn, validate, training);
    } finally {
      this.#training = false;
      if (this.#disposed) this.#release();
    }
  }

  /**
   * Translates one text or many: the likeliest translation that 4 beams find, or as the options say.
   *
   * A text of blanks alone gives '', and one longer than `maxLength` tokens is cut at its end.
   *
   * @returns for each text its translation.
   * @throws AnyformerError `INVALID_DATA` for what is not a string, naming its position; `ABORTED`
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
    const parts = this.#ready('predict');
    const parsed = parseTranslate('Translator.predict', options, parts);
    if (typeof input !== 'string' && !Array.isArray(input)) {
      throw new AnyformerError(
        'INVALID_DATA',
        `Translator.predict takes a text or a list of texts, received ${show(input)}.`,
      );
    }
    const texts = typeof input === 'string' ? [input] : (input as readonly string[]);
    const checkAlive = () => this.#checkAlive();
    const results = await translateTexts(parts, texts, { ...parsed, checkAlive });
    return typeof input === 'string' ? results[0]! : results;
  }

  /**
   * Measures the translator on pairs: the loss and accuracy of its next token, and BLEU and chrF of
   * its own translations.
   *
   * @throws AnyformerError `INVALID_DATA` for pairs that cannot be used, and for none.
   */
  async evaluate(pairs: PairSource, options: TranslateOptions = {}): Promise<TranslationReport> {
    const parts = this.#ready('evaluate');
    const parsed = parseTranslate('Translator.evaluate', options, parts);
    const all = await readPairSource(pairs, 'Translator.evaluate', openFolder);
    const { signal, onProgress } = parsed.generation;
    const data = await encodePairs(all, parts, parts.model.config, { signal, onProgress });
    const checkAlive = () => this.#checkAlive();
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
    };
  }

  /**
   * Saves config.json, generation_config.json, tokenizer.json, tokenizer_config.json and
   * model.safetensors, and the files of the target's tokenizer where it has its own; all or none.
   *
   * @param target a folder's path, a Map to be filled, or a Storage.
   * @throws AnyformerError `STORAGE` when it cannot be written; what was there before then stands.
   */
  async save(target: StorageTarget): Promise<void> {
    const files = sealFiles(toTranslatorFiles(this.#ready('save')));
    await openFolder(target).write(files);
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
    learn: readonly TextPair[],
    validate: readonly TextPair[] | undefined,
    options: TrainingOptions,
  ): Promise<TrainingResult> {
    const isFirst = this.#parts === undefined;
    let parts = this.#parts;
    const onProgress: OnProgress = (progress) => {
      this.#checkAlive();
      if (progress.phase === 'train') this.#parts = parts;
      options.onProgress?.(progress);
    };
    parts ??= await this.#newParts(learn, { signal: options.signal, onProgress });
    try {
      const slow = { signal: options.signal, onProgress };
      const { config } = parts.model;
      const data = await encodePairs(learn, parts, config, slow);
      const held = validate && (await encodePairs(validate, parts, config, slow));
      return await this.#fit(parts, data, held, { ...options, onProgress });
    } catch (error) {
      // The next attempt then begins anew instead of going on from what nothing can be made of.
      if (isFirst && hasOverflowed(parts.model)) this.#parts = undefined;
      throw error;
    } finally {
      if (parts !== this.#parts) parts.model.dispose();
    }
  }

  async #newParts(
    pairs: readonly TextPair[],
    slow: { signal: AbortSignal | undefined; onProgress: OnProgress },
  ): Promise<TranslatorParts> {
    const { tokenizers: wanted, model: options, maxLength, seed } = this.#options!;
    const tokenizers = await makeTokenizers(wanted, pairs, slow);
    this.#checkAlive();
    const model = new EncoderDecoder({ ...options, ...vocabularyOptions(tokenizers) }, seed);
    const { decoderStartTokenId, padTokenId, eosTokenId } = model.config;
    const generation = { decoderStartTokenId, padTokenId, eosTokenId, maxLength, numBeams: 4 };
    return { model, tokenizers, maxLength, generation };
  }

  #fit(
    parts: TranslatorParts,
    data: PairDataset,
    held: PairDataset | undefined,
    options: TrainingOptions,
  ): Promise<TrainingResult> {
    return train(new SequenceToSequence(parts.model), data, options, {
      name: TRAIN,
      openStorage: openFolder,
      saveModel: () => toTranslatorFiles(parts),
      loadModel: (files) => {
        restoreTranslator(parts, files);
        this.#parts = parts;
      },
      ...(held && {
        evaluate: ({ signal }) => {
          const checkAlive = () => this.#checkAlive();
          return measurePairs(parts.model, held, { batchSize: 32, signal, checkAlive });
        },
      }),
    });
  }

  #checkAlive(): void {
    if (!this.#disposed) return;
    throw new AnyformerError(
      'DISPOSED',
      'This Translator was disposed of; create or load another.',
    );
  }

  #ready(method: string): TranslatorParts {
    this.#checkAlive();
    if (this.#parts) return this.#parts;
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `Translator.${method} needs a trained model and there is none yet; call train first, or Translator.load.`,
    );
  }
}
