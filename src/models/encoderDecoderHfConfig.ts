import { AnyformerError, show } from '../core/errors.ts';
import type { JsonObject } from '../formats/json.ts';
import {
  type EncoderDecoderConfig,
  type EncoderDecoderOptions,
  type EncoderDecoderType,
  parseEncoderDecoderConfig,
} from './encoderDecoderConfig.ts';

type Key = keyof EncoderDecoderConfig;

/** The keys of a config.json, by ours. */
const named: Readonly<Partial<Record<Key, string>>> = {
  vocabSize: 'vocabSize',
  hiddenSize: 'dModel',
  encoderLayers: 'encoderLayers',
  decoderLayers: 'decoderLayers',
  encoderAttentionHeads: 'encoderAttentionHeads',
  decoderAttentionHeads: 'decoderAttentionHeads',
  encoderFfnDim: 'encoderFfnDim',
  decoderFfnDim: 'decoderFfnDim',
  hiddenAct: 'activationFunction',
  dropout: 'dropout',
  attentionDropout: 'attentionDropout',
  activationDropout: 'activationDropout',
  maxPositionEmbeddings: 'maxPositionEmbeddings',
  scaleEmbedding: 'scaleEmbedding',
  tieWordEmbeddings: 'tieWordEmbeddings',
  initStd: 'initStd',
  padTokenId: 'padTokenId',
  bosTokenId: 'bosTokenId',
  eosTokenId: 'eosTokenId',
  decoderStartTokenId: 'decoderStartTokenId',
};

/** Those that only some types have, under their own names. */
const own: Readonly<Record<EncoderDecoderType, readonly Key[]>> = {
  bart: [],
  marian: ['decoderVocabSize', 'shareEncoderDecoderEmbeddings'],
  transformer: [
    ...(['decoderVocabSize', 'shareEncoderDecoderEmbeddings', 'positions'] as const),
    ...(['layernormEmbedding', 'normalizeFirst', 'layerNormEps'] as const),
  ],
};

const architectures: Readonly<Record<EncoderDecoderType, string>> = {
  bart: 'BartForConditionalGeneration',
  marian: 'MarianMTModel',
  transformer: 'TransformerForConditionalGeneration',
};

/** What these configs can say that this model does not do, with what they may say. */
const onlyServed: Readonly<Record<string, readonly unknown[]>> = {
  isEncoderDecoder: [true],
  // Older files of both families have these, of variants that stand under other types now.
  addBiasLogits: [false],
  addFinalLayerNorm: [false],
  normalizeBefore: [false],
};

/** Whether a config.json is one of an encoder-decoder that is served here. */
export function isEncoderDecoderType(type: unknown): type is EncoderDecoderType {
  return typeof type === 'string' && Object.hasOwn(architectures, type);
}

/**
 * The options of an encoder-decoder from a config.json, keys in camelCase (see `readHfConfig`).
 * Keys that say nothing about the model are left to the caller.
 *
 * @throws AnyformerError `UNSUPPORTED` for another model type or a variant that is not served,
 * `INVALID_FILE` when a value is not valid.
 */
export function encoderDecoderConfigFromHf(
  json: JsonObject,
  name = 'config.json',
): EncoderDecoderConfig {
  const type = json.modelType;
  const refuse = (message: string) => new AnyformerError('UNSUPPORTED', `${name}: ${message}`);
  if (!isEncoderDecoderType(type) || json.isEncoderDecoder === false) {
    throw refuse(
      `model_type ${show(type)} is no encoder-decoder served here; it must be one of ` +
        `${Object.keys(architectures).map(show).join(', ')}, with is_encoder_decoder true.`,
    );
  }
  for (const [key, served] of Object.entries(onlyServed)) {
    const value = json[key];
    if (value === undefined || value === null || served.includes(value)) continue;
    throw refuse(`${key} ${show(value)} is not served, only ${served.map(show).join(' or ')}.`);
  }
  const entries: [string, unknown][] = Object.entries(named).map(([key, theirs]) => [
    key,
    json[theirs],
  ]);
  for (const key of own[type]) entries.push([key, json[key]]);
  const given = entries.filter(([, value]) => value !== undefined && value !== null);
  const options = { type, ...Object.fromEntries(given) };
  try {
    return parseEncoderDecoderConfig(options as unknown as EncoderDecoderOptions, name);
  } catch (cause) {
    if (!(cause instanceof AnyformerError)) throw cause;
    throw new AnyformerError('INVALID_FILE', cause.message, { cause });
  }
}

/** The config.json for an encoder-decoder, in camelCase (see `writeHfConfig`). */
export function encoderDecoderConfigToHf(config: EncoderDecoderConfig): JsonObject {
  const { type } = config;
  const json: JsonObject = {
    modelType: type,
    architectures: [architectures[type]],
    isEncoderDecoder: true,
    numHiddenLayers: config.encoderLayers,
  };
  for (const [key, theirs] of Object.entries(named)) json[theirs] = config[key as Key];
  for (const key of own[type]) json[key] = config[key];
  // An id that is left out is not "none" for Hugging Face but the one of the original model.
  json.bosTokenId ??= null;
  return json;
}
