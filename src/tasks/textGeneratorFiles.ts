import { AnyformerError } from '../core/errors.ts';
import { readHfConfig, writeHfConfig } from '../formats/hfConfig.ts';
import type { JsonObject } from '../formats/json.ts';
import { readSafetensors, writeSafetensors } from '../formats/safetensors.ts';
import { Decoder } from '../models/decoder.ts';
import type { DecoderConfig } from '../models/decoderConfig.ts';
import {
  decoderConfigFromHf,
  decoderConfigToHf,
  tokensOfVocabulary,
} from '../models/decoderHfConfig.ts';
import type { SavedWeights } from '../models/parameterStore.ts';
import type { Tokenizer } from '../tokenizers/index.ts';
import { type GenerationOptions, generationOptionNames } from './generation/generationOptions.ts';
import { isSameTokenizer, readTokenizerFiles, toTokenizerFiles } from './tokenizerFiles.ts';

/** All that a trained generator is. */
export interface GeneratorParts {
  readonly model: Decoder;
  readonly tokenizer: Tokenizer;
  /** What generation_config.json says, keys in camelCase. */
  readonly generation: JsonObject;
}

/** The files of a saved generator besides config.json. */
export const GENERATOR_FILES = {
  required: ['tokenizer.json', 'model.safetensors'],
  optional: ['tokenizer_config.json', 'generation_config.json'],
} as const;

/** The files of a model folder of Hugging Face. */
export function toGeneratorFiles(parts: GeneratorParts): Map<string, Uint8Array> {
  const { model, tokenizer, generation } = parts;
  return new Map([
    ...toTokenizerFiles(tokenizer, { model_max_length: model.config.maxPositionEmbeddings }),
    ['generation_config.json', writeHfConfig(generation)],
    ['model.safetensors', writeSafetensors(model.toSafetensors(), { format: 'pt' })],
    ['config.json', writeHfConfig(decoderConfigToHf(model.config))],
  ]);
}

/** What the files of a saved generator hold. */
export interface SavedGenerator extends Omit<GeneratorParts, 'model'> {
  readonly config: DecoderConfig;
  readonly weights: SavedWeights;
}

/** Reads the files. The engine need not run: their reading and its start take place together. */
export function readGeneratorFiles(
  files: ReadonlyMap<string, Uint8Array>,
  location: string,
): SavedGenerator {
  const nameOf = (file: string) => `${file} in ${location}`;
  const config = decoderConfigFromHf(
    readHfConfig(files.get('config.json')!, nameOf('config.json')),
    nameOf('config.json'),
  );
  const { tokenizer } = readTokenizerFiles(files, nameOf);
  if (tokenizer.vocabSize > config.vocabSize) {
    throw new AnyformerError(
      'INVALID_FILE',
      `${nameOf('tokenizer.json')} has ${tokenizer.vocabSize} tokens, the model's vocabulary ${config.vocabSize}: they do not belong together.`,
    );
  }
  const generation = files.get('generation_config.json');
  const { tensors } = readSafetensors(files.get('model.safetensors')!, nameOf('model.safetensors'));
  return {
    config,
    tokenizer,
    weights: { tensors, file: nameOf('model.safetensors') },
    generation: generation ? readHfConfig(generation, nameOf('generation_config.json')) : {},
  };
}

/** @throws AnyformerError `INVALID_FILE` for weights that do not fit; none are kept then. */
export function openGenerator({ config, weights, ...parts }: SavedGenerator): GeneratorParts {
  return { ...parts, model: new Decoder(config, weights) };
}

/**
 * Takes the weights of a checkpoint over into a generator of the same vocabulary.
 * @throws AnyformerError `INVALID_ARGUMENT` for another; nothing has changed then.
 */
export function restoreGenerator(
  { model, tokenizer }: GeneratorParts,
  files: ReadonlyMap<string, Uint8Array>,
): void {
  const saved = readGeneratorFiles(files, 'the checkpoint');
  if (!isSameTokenizer(saved.tokenizer, tokenizer)) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `The checkpoint has another vocabulary (${saved.tokenizer.vocabSize} tokens) than this generator (${tokenizer.vocabSize}); resume with the text of the first run, or load the checkpoint's own folder and go on with that.`,
    );
  }
  model.loadSafetensors(saved.weights.tensors, saved.weights.file);
}

/** The defaults of `generate`: the end of the model and the tokenizer, and what generation_config.json says. */
export function generationDefaults({
  model,
  tokenizer,
  generation,
}: GeneratorParts): GenerationOptions {
  const eosTokenId = model.config.eosTokenId ?? tokenizer.eosTokenId;
  const values: Record<string, unknown> = {
    ...generation,
    eosTokenId: tokensOfVocabulary(generation.eosTokenId, model.config.vocabSize),
  };
  const known = generationOptionNames.filter(
    (name) => values[name] !== undefined && values[name] !== null,
  );
  return {
    ...(eosTokenId !== undefined && { eosTokenId }),
    ...Object.fromEntries(known.map((name) => [name, values[name]])),
  };
}
