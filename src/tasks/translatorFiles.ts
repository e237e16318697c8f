import { AnyformerError } from '../core/errors.ts';
import { readHfConfig, writeHfConfig } from '../formats/hfConfig.ts';
import type { JsonObject } from '../formats/json.ts';
import { readSafetensors, writeSafetensors } from '../formats/safetensors.ts';
import { EncoderDecoder } from '../models/encoderDecoder.ts';
import type { EncoderDecoderConfig } from '../models/encoderDecoderConfig.ts';
import {
  encoderDecoderConfigFromHf,
  encoderDecoderConfigToHf,
} from '../models/encoderDecoderHfConfig.ts';
import type { SavedWeights } from '../models/parameterStore.ts';
import type { Tokenizer } from '../tokenizers/index.ts';
import { isSameTokenizer, readTokenizerFiles, toTokenizerFiles } from './tokenizerFiles.ts';
import { checkTokenizer, type TokenizerPair } from './translatorTokenizers.ts';

/** All that a trained translator is. */
export interface TranslatorParts {
  readonly model: EncoderDecoder;
  /** The same one twice where both sides share it. */
  readonly tokenizers: TokenizerPair<Tokenizer>;
  /** The most tokens of a source, and of a target, the end token among them. */
  readonly maxLength: number;
  /** What generation_config.json says, keys in camelCase: the defaults of `predict`. */
  readonly generation: JsonObject;
}

/** The files of a saved translator besides config.json. */
export const TRANSLATOR_FILES = {
  required: ['tokenizer.json', 'model.safetensors'],
  optional: [
    ...(['tokenizer_config.json', 'generation_config.json'] as const),
    ...(['target_tokenizer.json', 'target_tokenizer_config.json'] as const),
  ],
} as const;

/** The files of a model folder of Hugging Face, and those of the target's own tokenizer beside them. */
export function toTranslatorFiles(parts: TranslatorParts): Map<string, Uint8Array> {
  const { model, tokenizers, maxLength, generation } = parts;
  const limit = { model_max_length: maxLength };
  return new Map([
    ...toTokenizerFiles(tokenizers.source, limit),
    ...(tokenizers.source === tokenizers.target
      ? []
      : toTokenizerFiles(tokenizers.target, limit, 'target_')),
    ['generation_config.json', writeHfConfig(generation)],
    ['model.safetensors', writeSafetensors(model.toSafetensors(), { format: 'pt' })],
    ['config.json', writeHfConfig(encoderDecoderConfigToHf(model.config))],
  ]);
}

/** What the files of a saved translator hold. */
export interface SavedTranslator extends Omit<TranslatorParts, 'model'> {
  readonly config: EncoderDecoderConfig;
  readonly weights: SavedWeights;
}

/** Reads the files. The engine need not run: their reading and its start take place together. */
export function readTranslatorFiles(
  files: ReadonlyMap<string, Uint8Array>,
  location: string,
): SavedTranslator {
  const nameOf = (file: string) => `${file} in ${location}`;
  const config = encoderDecoderConfigFromHf(
    readHfConfig(files.get('config.json')!, nameOf('config.json')),
    nameOf('config.json'),
  );
  const open = (prefix: string) => openTokenizer(files, prefix, nameOf);
  const source = open('');
  const target = files.has('target_tokenizer.json') ? open('target_') : source;
  checkVocabulary(source.tokenizer, config.vocabSize, nameOf('tokenizer.json'));
  checkVocabulary(target.tokenizer, config.decoderVocabSize, nameOf('the target tokenizer'));
  const generationFile = files.get('generation_config.json');
  const { tensors } = readSafetensors(files.get('model.safetensors')!, nameOf('model.safetensors'));
  return {
    config,
    weights: { tensors, file: nameOf('model.safetensors') },
    tokenizers: { source: source.tokenizer, target: target.tokenizer },
    maxLength: Math.min(source.limit, config.maxPositionEmbeddings),
    generation: generationFile
      ? readHfConfig(generationFile, nameOf('generation_config.json'))
      : {},
  };
}

/** @throws AnyformerError `INVALID_FILE` for weights that do not fit; none are kept then. */
export function openTranslator({ config, weights, ...parts }: SavedTranslator): TranslatorParts {
  return { ...parts, model: new EncoderDecoder(config, weights) };
}

function openTokenizer(
  files: ReadonlyMap<string, Uint8Array>,
  prefix: string,
  nameOf: (file: string) => string,
): { tokenizer: Tokenizer; limit: number } {
  const { tokenizer, config } = readTokenizerFiles(files, nameOf, prefix);
  checkTokenizer(tokenizer, nameOf(`${prefix}tokenizer.json`));
  const { model_max_length: limit } = config;
  // Hugging Face writes 1e30 where there is no limit but the positions.
  return {
    tokenizer,
    limit: typeof limit === 'number' && limit >= 2 ? Math.floor(limit) : Infinity,
  };
}

function checkVocabulary(tokenizer: Tokenizer, vocabSize: number, name: string): void {
  if (tokenizer.vocabSize <= vocabSize) return;
  throw new AnyformerError(
    'INVALID_FILE',
    `${name} has ${tokenizer.vocabSize} tokens, the model's vocabulary ${vocabSize}: they do not belong together.`,
  );
}

/**
 * Takes the weights of a checkpoint over into a translator of the same vocabularies.
 * @throws AnyformerError `INVALID_ARGUMENT` for others; nothing has changed then.
 */
export function restoreTranslator(
  { model, tokenizers }: TranslatorParts,
  files: ReadonlyMap<string, Uint8Array>,
): void {
  const saved = readTranslatorFiles(files, 'the checkpoint');
  for (const side of ['source', 'target'] as const) {
    const [theirs, ours] = [saved.tokenizers[side], tokenizers[side]];
    if (isSameTokenizer(theirs, ours)) continue;
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `The checkpoint has another vocabulary of the ${side} (${theirs.vocabSize} tokens) than this translator (${ours.vocabSize}); resume with the pairs of the first run, or load the checkpoint's own folder and go on with that.`,
    );
  }
  model.loadSafetensors(saved.weights.tensors, saved.weights.file);
}
