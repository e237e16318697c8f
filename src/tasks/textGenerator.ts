import { disposeSymbol } from '../core/disposal.ts';
import { parseOptions } from '../core/options.ts';
import type { Warned } from '../core/warnings.ts';
import { Decoder } from '../models/decoder.ts';
import type { StorageTarget } from '../storage/openStorage.ts';
import type { TrainingResult } from '../train/trainer.ts';
import type { TrainingOptions } from '../train/trainingOptions.ts';
import { CausalLanguageModeling } from './causalLanguageModeling.ts';
import { CorpusDataset } from './corpusDataset.ts';
import { createTask } from './createTask.ts';
import { divergenceWarnings } from './dataWarnings.ts';
import { encodeCorpus } from './encodeCorpus.ts';
import {
  type CorpusFileOptions,
  checkFileOptions,
  corpusFileEntries,
  splitOptions,
} from './fileOptions.ts';
import type { GenerationOptions } from './generation/generationOptions.ts';
import { type LanguageModelReport, measureText } from './languageModelReport.ts';
import { type LoadOptions, loadTask } from './loadTask.ts';
import { type Corpus, openCorpus } from './openCorpus.ts';
import { type Slow, type TaskKind, TaskLifecycle } from './taskLifecycle.ts';
import {
  GENERATOR_FILES,
  type GeneratorParts,
  openGenerator,
  readGeneratorFiles,
  restoreGenerator,
  type SavedGenerator,
  toGeneratorFiles,
} from './textGeneratorFiles.ts';
import {
  type EvaluateTextOptions,
  evaluateTextSchema,
  makeGeneratorTokenizer,
  type ParsedGeneratorOptions,
  parseGeneratorOptions,
  parseGeneratorTraining,
  type TextGeneratorOptions,
  type TextGeneratorTrainingOptions,
} from './textGeneratorOptions.ts';
import { textsOf } from './textsOf.ts';
import { type GeneratedText, streamText, writeTexts } from './writeTexts.ts';

const TRAIN = 'TextGenerator.train';

const KIND: TaskKind<GeneratorParts, SavedGenerator> = {
  name: 'TextGenerator',
  fileNames: GENERATOR_FILES,
  read: readGeneratorFiles,
  open: openGenerator,
  toFiles: toGeneratorFiles,
  restore: restoreGenerator,
};

/**
 * Generates text: trains a language model on your text, and continues prompts with it.
 *
 * The model is a GPT-2 or a Llama, trained from scratch or fine-tuned. It is saved as a Hugging Face
 * model folder, and Hugging Face's GPT-2 and Llama folders can be loaded.
 *
 * @example
 * const generator = await TextGenerator.create({ tokenizer: { type: 'characters' } });
 * await generator.train('shakespeare.txt', { maxSteps: 2000, batchSize: 12, learningRate: 1e-3 });
 * await generator.generate('ROMEO:', { maxNewTokens: 200, doSample: true, temperature: 0.8 });
 * for await (const piece of generator.stream('JULIET:')) process.stdout.write(piece);
 * await generator.save('./model');
 * const again = await TextGenerator.load('./model');
 */
export class TextGenerator {
  readonly #options: ParsedGeneratorOptions | undefined;
  readonly #life: TaskLifecycle<GeneratorParts>;

  private constructor(options: ParsedGeneratorOptions | undefined, parts?: GeneratorParts) {
    this.#options = options;
    this.#life = new TaskLifecycle(KIND, parts);
  }

  /**
   * Creates a new generator. The first `train` makes its vocabulary and weights.
   *
   * With `worker` it runs in a worker, with the same methods and the same results. There
   * `logitsProcessors` and `stoppingCriteria` raise `UNSUPPORTED`.
   *
   * @param options the model, the tokenizer, the seed and the worker; all have defaults.
   * @throws AnyformerError `INVALID_ARGUMENT` or `UNKNOWN_OPTION` for options; `UNSUPPORTED` and
   *   `ENGINE` if the engine cannot run.
   */
  static async create(options: TextGeneratorOptions = {}): Promise<TextGenerator> {
    const parsed = parseGeneratorOptions(options);
    return createTask(TextGenerator, KIND.name, options, () => new TextGenerator(parsed));
  }

  /**
   * Loads a saved generator, or a GPT-2 or Llama of Hugging Face with a tokenizer.json.
   *
   * @param source a folder's path, an http(s) URL, a Map of file names to bytes, or a Storage.
   * @throws AnyformerError `STORAGE` when a file is missing, `INVALID_FILE` when one is corrupt or
   *   not of this format, `UNSUPPORTED` for another kind of model.
   */
  static async load(source: StorageTarget, options: LoadOptions = {}): Promise<TextGenerator> {
    const make = (parts: GeneratorParts) => new TextGenerator(undefined, parts);
    return loadTask(TextGenerator, KIND, source, options, make);
  }

  /**
   * Trains the model on text. The first call also trains the tokenizer, unless `create` received one.
   * The texts are joined, with an end token after each, and cut into blocks of the context's length
   * (`maxPositionEmbeddings`).
   *
   * The same text, options and seed give the same weights in every runtime without relaxed SIMD.
   *
   * @param corpus the path or address of a file of text (txt, or a table of texts: csv, tsv, json,
   *   jsonl; also .gz, or in a .zip), a File or Blob, a list of texts, or texts as they arrive. A string
   *   is always a path or an address: pass `[text]` for a text itself. Rows of a table without a text
   *   are left out and listed in `warnings` of the result.
   * @param options those of the training loop (`epochs` or `maxSteps`, `batchSize`, `learningRate`,
   *   …), and `validationData` or `validationSplit` to measure loss and perplexity on; `format` and
   *   `textColumn` if the file does not show them.
   * @returns the log, the final losses, and warnings about the data and the training.
   * @throws AnyformerError `INVALID_DATA` for text that cannot be used, `STORAGE` for a file that does
   *   not exist, `NON_FINITE_LOSS` when the loss becomes NaN or infinite, `ABORTED` after `signal`.
   */
  async train(corpus: Corpus, options: TextGeneratorTrainingOptions = {}): Promise<TrainingResult> {
    return this.#life.training(async () => {
      const { validationData, validationSplit, training, file } = parseGeneratorTraining(options);
      checkFileOptions(TRAIN, file, [corpus, validationData]);
      const reading = { ...file, signal: training.signal };
      const { texts, warnings } = await openCorpus(corpus, TRAIN, reading);
      const held =
        validationData === undefined
          ? undefined
          : await openCorpus(validationData, `${TRAIN}: validationData`, reading);
      const result = await this.#learn(texts, held?.texts, validationSplit, training);
      const { vocabSize } = this.#life.ready('train').model.config;
      return {
        ...result,
        warnings: [
          ...warnings,
          ...(held?.warnings ?? []),
          ...result.warnings,
          ...divergenceWarnings(result.trainLoss, Math.log(vocabSize), training),
        ],
      };
    });
  }

  /**
   * Continues a prompt, or several. The result does not contain the prompt.
   *
   * A prompt can be as long as the context. When the text grows beyond the context, the model forgets
   * the older half of it. An empty prompt starts a new text.
   *
   * @param options see {@link GenerationOptions}, and `batchSize`, the prompts in a batch, 16 by default.
   * @returns for each prompt its text, or a list of them with `numReturnSequences` above 1.
   * @throws AnyformerError `INVALID_ARGUMENT` for options and for a prompt that is too long,
   *   `ABORTED` after `signal`.
   *
   * @example
   * await generator.generate('Once upon a time', { doSample: true, topP: 0.9, seed: 7 });
   */
  async generate(prompt: string, options?: OneText): Promise<string>;
  async generate(prompts: readonly string[], options?: OneText): Promise<string[]>;
  async generate(prompt: string, options: GenerateOptions): Promise<string | string[]>;
  async generate(
    prompts: readonly string[],
    options: GenerateOptions,
  ): Promise<string[] | string[][]>;
  async generate(
    input: string | readonly string[],
    options: GenerateOptions = {},
  ): Promise<string | string[] | string[][]> {
    const found = await this.#write('generate', input, options);
    const texts = found.map((sequences) => {
      const several = sequences.map(({ text }) => text);
      return several.length > 1 ? several : several[0]!;
    });
    return typeof input === 'string' ? texts[0]! : (texts as string[] | string[][]);
  }

  /**
   * Like `generate`, with details: for each prompt it returns a list of texts with their token ids,
   * finish reasons, scores, and the log-probability of each token from the model alone.
   *
   * @example
   * const [[best]] = await generator.generateSequences(['Once'], { numBeams: 4 });
   * best.logProbs; // one for each of best.tokenIds
   */
  async generateSequences(
    prompts: readonly string[],
    options: GenerateOptions = {},
  ): Promise<GeneratedText[][]> {
    return this.#write('generateSequences', prompts, options);
  }

  /**
   * Continues a prompt and yields the text in pieces, as it is generated. Together the pieces equal
   * the result of `generate`. A piece never splits a character. Leaving the loop stops the generation.
   *
   * @throws AnyformerError as `generate`; `INVALID_ARGUMENT` for `numBeams` or `numReturnSequences`
   *   above 1, which cannot be streamed.
   *
   * @example
   * for await (const piece of generator.stream('Once', { maxNewTokens: 50 })) console.log(piece);
   */
  stream(prompt: string, options: GenerationOptions = {}): AsyncIterableIterator<string> {
    const where = 'TextGenerator.stream';
    return streamText(this.#life.ready('stream'), prompt, options, where, this.#life.checkAlive);
  }

  /**
   * Measures how well the model predicts a text: its loss and perplexity.
   *
   * @param corpus as for `train`: a file, or `[text]`.
   * @throws AnyformerError `INVALID_DATA` when there is no text, `STORAGE` for a file that does not exist.
   *
   * @example
   * const { perplexity } = await generator.evaluate('heldOut.txt');
   */
  async evaluate(
    corpus: Corpus,
    options: EvaluateTextOptions = {},
  ): Promise<LanguageModelReport & Warned> {
    const where = 'TextGenerator.evaluate';
    const parts = this.#life.ready('evaluate');
    const parsed = parseOptions(where, evaluateTextSchema, options);
    const { file } = splitOptions<CorpusFileOptions, object>(corpusFileEntries, options);
    checkFileOptions(where, file, [corpus]);
    const { texts, warnings } = await openCorpus(corpus, where, { ...file, signal: parsed.signal });
    const tokens = await encodeCorpus(texts, parts.tokenizer, parsed);
    const data = new CorpusDataset(tokens, parts.model.config.maxPositionEmbeddings);
    const { checkAlive } = this.#life;
    checkAlive();
    return { ...(await measureText(parts.model, data, { ...parsed, checkAlive })), warnings };
  }

  /**
   * Saves config.json, generation_config.json, tokenizer.json, tokenizer_config.json and
   * model.safetensors: all of them, or none after an error.
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

  async #write(
    method: string,
    input: string | readonly string[],
    options: GenerateOptions,
  ): Promise<GeneratedText[][]> {
    const parts = this.#life.ready(method);
    const where = `TextGenerator.${method}`;
    const prompts = textsOf(where, input, 'prompt');
    return writeTexts(parts, prompts, options, where, this.#life.checkAlive);
  }

  #learn(
    texts: readonly string[],
    held: readonly string[] | undefined,
    validationSplit: number,
    options: TrainingOptions,
  ): Promise<TrainingResult> {
    const { checkAlive } = this.#life;
    const makeParts = (slow: Slow) => this.#newParts(texts, slow);
    return this.#life.learn(options, makeParts, async ({ model, tokenizer }, slow) => {
      const T = model.config.maxPositionEmbeddings;
      const tokens = await encodeCorpus(texts, tokenizer, slow);
      const cut = tokens.length - Math.round(tokens.length * validationSplit);
      const data = new CorpusDataset(tokens.subarray(0, cut), T);
      let validate = validationSplit > 0 ? new CorpusDataset(tokens.subarray(cut), T) : undefined;
      if (held) validate = new CorpusDataset(await encodeCorpus(held, tokenizer, slow), T);
      return {
        model: new CausalLanguageModeling(model),
        data,
        ...(validate && {
          evaluate: async ({ signal }) => {
            const measured = { batchSize: 32, signal, checkAlive };
            const { loss, perplexity } = await measureText(model, validate, measured);
            return { loss, perplexity };
          },
        }),
      };
    });
  }

  async #newParts(texts: readonly string[], slow: Slow): Promise<GeneratorParts> {
    const { tokenizer: wanted, decoder, seed } = this.#options!;
    const tokenizer = await makeGeneratorTokenizer(wanted, texts, slow);
    this.#life.checkAlive();
    const { vocabSize, bosTokenId, eosTokenId, padTokenId } = tokenizer;
    const special = {
      ...((bosTokenId ?? eosTokenId) !== undefined && { bosTokenId: (bosTokenId ?? eosTokenId)! }),
      ...(eosTokenId !== undefined && { eosTokenId }),
      ...(padTokenId !== undefined && { padTokenId }),
    };
    const model = new Decoder({ ...decoder, vocabSize, ...special }, seed);
    return { model, tokenizer, generation: { ...special } };
  }
}

/** The options of `generate`: those of the generation, and the batch size. */
export interface GenerateOptions extends GenerationOptions {
  /** The number of prompts in a batch. Lower it when memory runs out. Default: 16. */
  batchSize?: number;
}

/** {@link GenerateOptions} that return one text for each prompt. */
export type OneText = Omit<GenerateOptions, 'numReturnSequences'> & { numReturnSequences?: 1 };
