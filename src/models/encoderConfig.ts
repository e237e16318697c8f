import * as v from 'valibot';
import { AnyformerError, show } from '../core/errors.ts';
import {
  fraction,
  nonNegativeInteger,
  parseOptions,
  positiveInteger,
  positiveNumber,
} from '../core/options.ts';
import type { JsonObject } from '../formats/json.ts';
import {
  type ActivationName,
  type ActivationOption,
  activationNamed,
} from '../kernels/activationName.ts';
import { headWidth } from '../layers/headCount.ts';

/** The encoder families. 'bert' is Hugging Face's BertModel, 'transformer' the one of Keras's guides. */
export type EncoderType = 'transformer' | 'bert';

/** The shape of an encoder, with Hugging Face's names. Defaults depend on `type`. */
export interface EncoderOptions {
  /** Default: 'transformer'. */
  type?: EncoderType;
  /** Number of token ids. Required. */
  vocabSize: number;
  /** Width of the hidden states, D. Default: 256; bert 768. */
  hiddenSize?: number;
  /** Number of blocks. Default: 1; bert 12. */
  numHiddenLayers?: number;
  /** Must divide `hiddenSize`. Default: 8; bert 12. */
  numAttentionHeads?: number;
  /** Width of the feed-forward part, F. Default: 512; bert 3072. */
  intermediateSize?: number;
  /** Activation of the feed-forward part. Default: 'relu'; bert 'gelu'. */
  hiddenAct?: ActivationOption;
  /** Sets both rates below where they are not given. */
  dropout?: number;
  /** Rate for the embeddings and the output of each part. Default: 0.1. */
  hiddenDropoutProb?: number;
  /** Rate for the attention probabilities. Default: 0.1. */
  attentionProbsDropoutProb?: number;
  /** The longest sequence, in tokens. Default: 512. */
  maxPositionEmbeddings?: number;
  /** Number of segment ids; 0 = none, for 'transformer' only. Default: 0; bert 2. */
  typeVocabSize?: number;
  /** Default: 1e-5; bert 1e-12. */
  layerNormEps?: number;
  /** Standard deviation of the initial weights. Default: bert 0.02; 'transformer' starts as Keras does. */
  initializerRange?: number;
  /** Default: 0. */
  padTokenId?: number;
  /** Layer norm before each part rather than after it. 'transformer' only. Default: false. */
  normalizeFirst?: boolean;
  /**
   * One vector for a sequence: the mean or the maximum of its real tokens, or its first token.
   * Default: 'mean'; bert 'cls'.
   */
  pooling?: 'mean' | 'max' | 'cls';
}

/** {@link EncoderOptions} checked and complete. */
export interface EncoderConfig {
  readonly type: EncoderType;
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  readonly intermediateSize: number;
  readonly hiddenAct: ActivationName;
  readonly hiddenDropoutProb: number;
  readonly attentionProbsDropoutProb: number;
  readonly maxPositionEmbeddings: number;
  readonly typeVocabSize: number;
  readonly layerNormEps: number;
  readonly initializerRange?: number;
  readonly padTokenId: number;
  readonly normalizeFirst: boolean;
  readonly pooling: 'mean' | 'max' | 'cls';
}

const sharedDefaults = {
  maxPositionEmbeddings: 512,
  padTokenId: 0,
  normalizeFirst: false,
} as const;

/** 'transformer' as the model of the README; 'bert' as Hugging Face's BertConfig. */
const defaults = {
  transformer: {
    ...sharedDefaults,
    hiddenSize: 256,
    numHiddenLayers: 1,
    numAttentionHeads: 8,
    intermediateSize: 512,
    hiddenAct: 'relu',
    typeVocabSize: 0,
    layerNormEps: 1e-5,
    pooling: 'mean',
  },
  bert: {
    ...sharedDefaults,
    hiddenSize: 768,
    numHiddenLayers: 12,
    numAttentionHeads: 12,
    intermediateSize: 3072,
    hiddenAct: 'gelu',
    typeVocabSize: 2,
    layerNormEps: 1e-12,
    initializerRange: 0.02,
    pooling: 'cls',
  },
} as const;

const DEFAULT_DROPOUT = 0.1;

/** The options schema, for tasks that take an encoder's options among their own. */
export const encoderSchema = v.strictObject({
  type: v.optional(v.picklist(['transformer', 'bert'], "'transformer' or 'bert'"), 'transformer'),
  vocabSize: positiveInteger,
  hiddenSize: v.optional(positiveInteger),
  numHiddenLayers: v.optional(positiveInteger),
  numAttentionHeads: v.optional(positiveInteger),
  intermediateSize: v.optional(positiveInteger),
  hiddenAct: v.optional(
    v.pipe(v.string('the name of an activation'), v.transform(activationNamed)),
  ),
  dropout: v.optional(fraction),
  hiddenDropoutProb: v.optional(fraction),
  attentionProbsDropoutProb: v.optional(fraction),
  maxPositionEmbeddings: v.optional(positiveInteger),
  typeVocabSize: v.optional(nonNegativeInteger),
  layerNormEps: v.optional(positiveNumber),
  initializerRange: v.optional(positiveNumber),
  padTokenId: v.optional(nonNegativeInteger),
  normalizeFirst: v.optional(v.boolean('true or false')),
  pooling: v.optional(v.picklist(['mean', 'max', 'cls'], "'mean', 'max' or 'cls'")),
});

/**
 * Checks an encoder's options and fills in the defaults of its type.
 * @throws AnyformerError `UNKNOWN_OPTION` or `INVALID_ARGUMENT`.
 *
 * @example
 * parseEncoderConfig({ vocabSize: 20000, hiddenSize: 32, numAttentionHeads: 2 });
 */
export function parseEncoderConfig(options: EncoderOptions, where = 'encoder'): EncoderConfig {
  const { dropout = DEFAULT_DROPOUT, ...given } = parseOptions(where, encoderSchema, options);
  const config: EncoderConfig = {
    hiddenDropoutProb: dropout,
    attentionProbsDropoutProb: dropout,
    ...defaults[given.type],
    // parseOptions has no undefined in it, which valibot's types do not say.
    ...(given as Pick<EncoderConfig, 'type' | 'vocabSize'> & Partial<EncoderConfig>),
  };
  headWidth(config.hiddenSize, config.numAttentionHeads, {
    width: 'hiddenSize',
    heads: 'numAttentionHeads',
  });
  const refuse = (message: string) =>
    new AnyformerError('INVALID_ARGUMENT', `${where}: ${message}`);
  if (config.padTokenId >= config.vocabSize) {
    throw refuse(`padTokenId ${config.padTokenId} is not below vocabSize ${config.vocabSize}.`);
  }
  if (config.type === 'bert' && config.typeVocabSize === 0) {
    throw refuse("typeVocabSize must be a positive integer for type 'bert', received 0.");
  }
  if (config.type === 'bert' && config.normalizeFirst) {
    throw refuse("normalizeFirst is for type 'transformer'; bert normalizes last.");
  }
  return config;
}

/** The keys of a config.json that are options of an encoder: all but `type`, which is `modelType`. */
const hfKeys = Object.keys(encoderSchema.entries).filter(
  (key) => key !== 'type' && key !== 'dropout',
) as (keyof EncoderConfig)[];

/** What Hugging Face's BertConfig can say that this encoder does not do, with what it may say. */
const onlyServed: Readonly<Record<string, readonly unknown[]>> = {
  isDecoder: [false],
  addCrossAttention: [false],
  positionEmbeddingType: ['absolute'],
};

/**
 * The options of an encoder from a config.json, keys in camelCase (see `readHfConfig`).
 * Keys that say nothing about the encoder are left to the caller.
 *
 * @throws AnyformerError `UNSUPPORTED` for another model type or a variant that is not served,
 * `INVALID_FILE` when a value is not valid.
 */
export function encoderConfigFromHf(json: JsonObject, name = 'config.json'): EncoderConfig {
  const type = json.modelType;
  if (type !== 'bert' && type !== 'transformer') {
    throw new AnyformerError(
      'UNSUPPORTED',
      `${name}: model_type ${show(type)} is not an encoder served here; it must be 'bert' or 'transformer'.`,
    );
  }
  for (const [key, served] of Object.entries(onlyServed)) {
    const value = json[key];
    if (value === undefined || value === null || served.includes(value)) continue;
    throw new AnyformerError(
      'UNSUPPORTED',
      `${name}: ${key} ${show(value)} is not served, only ${served.map(show).join(' or ')}.`,
    );
  }
  const options = Object.fromEntries(
    hfKeys
      .filter((key) => json[key] !== undefined && json[key] !== null)
      .map((key) => [key, json[key]]),
  );
  try {
    return parseEncoderConfig({ type, ...options } as unknown as EncoderOptions, name);
  } catch (cause) {
    if (!(cause instanceof AnyformerError)) throw cause;
    throw new AnyformerError('INVALID_FILE', cause.message, { cause });
  }
}

/** The keys of a config.json for this encoder, in camelCase (see `writeHfConfig`). */
export function encoderConfigToHf(config: EncoderConfig): JsonObject {
  const { type, normalizeFirst, pooling, ...rest } = config;
  const isPlainBert = type === 'bert' && pooling === 'cls';
  // A config.json of a plain BERT has nothing in it that Hugging Face's does not know.
  return { modelType: type, ...rest, ...(!isPlainBert && { normalizeFirst, pooling }) };
}
