import { AnyformerError, show } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../formats/json.ts';
import {
  type DecoderConfig,
  type DecoderOptions,
  type DecoderType,
  parseDecoderConfig,
} from './decoderConfig.ts';

type Key = keyof DecoderConfig;

/** Keys of the same name in the config.json of both families. */
const common: readonly Key[] = [
  'vocabSize',
  'initializerRange',
  'tieWordEmbeddings',
  'bosTokenId',
  'eosTokenId',
  'padTokenId',
];

/** The other keys of each family: ours, and its own. */
const named: Readonly<Record<DecoderType, Readonly<Partial<Record<Key, string>>>>> = {
  gpt2: {
    hiddenSize: 'nEmbd',
    numHiddenLayers: 'nLayer',
    numAttentionHeads: 'nHead',
    intermediateSize: 'nInner',
    hiddenAct: 'activationFunction',
    maxPositionEmbeddings: 'nPositions',
    normEps: 'layerNormEpsilon',
    embeddingDropout: 'embdPdrop',
    residualDropout: 'residPdrop',
    attentionDropout: 'attnPdrop',
  },
  llama: {
    hiddenSize: 'hiddenSize',
    numHiddenLayers: 'numHiddenLayers',
    numAttentionHeads: 'numAttentionHeads',
    numKeyValueHeads: 'numKeyValueHeads',
    headDim: 'headDim',
    intermediateSize: 'intermediateSize',
    hiddenAct: 'hiddenAct',
    maxPositionEmbeddings: 'maxPositionEmbeddings',
    normEps: 'rmsNormEps',
    ropeTheta: 'ropeTheta',
    attentionBias: 'attentionBias',
    mlpBias: 'mlpBias',
    attentionDropout: 'attentionDropout',
    // Not of Hugging Face's Llama, which drops nothing here: written only where they are not 0.
    embeddingDropout: 'embdPdrop',
    residualDropout: 'residPdrop',
  },
};

const architectures: Readonly<Record<DecoderType, string>> = {
  gpt2: 'GPT2LMHeadModel',
  llama: 'LlamaForCausalLM',
};

/** What these families' configs can say that this decoder does not do, with what they may say. */
const onlyServed: Readonly<Record<string, readonly unknown[]>> = {
  addCrossAttention: [false],
  scaleAttnWeights: [true],
  scaleAttnByInverseLayerIdx: [false],
};

/**
 * The options of a decoder from a config.json, keys in camelCase (see `readHfConfig`).
 * Keys that say nothing about the decoder are left to the caller.
 *
 * @throws AnyformerError `UNSUPPORTED` for another model type or a variant that is not served,
 * `INVALID_FILE` when a value is not valid.
 */
export function decoderConfigFromHf(json: JsonObject, name = 'config.json'): DecoderConfig {
  const type = json.modelType;
  if (type !== 'gpt2' && type !== 'llama') {
    throw new AnyformerError(
      'UNSUPPORTED',
      `${name}: model_type ${show(type)} is not a decoder served here; it must be 'gpt2' or 'llama'.`,
    );
  }
  checkServed(json, name);
  const values: Record<string, unknown> = {};
  for (const key of common) values[key] = json[key];
  for (const [key, theirs] of Object.entries(named[type])) values[key] = json[theirs];
  if (isJsonObject(json.ropeParameters)) values.ropeTheta = json.ropeParameters.ropeTheta;
  // How older files say that there is none.
  if (values.padTokenId === -1) delete values.padTokenId;
  for (const key of ['bosTokenId', 'eosTokenId']) {
    values[key] = tokensOfVocabulary(values[key], json.vocabSize);
  }
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  try {
    return parseDecoderConfig(
      { type, ...Object.fromEntries(given) } as unknown as DecoderOptions,
      name,
    );
  } catch (cause) {
    if (!(cause instanceof AnyformerError)) throw cause;
    throw new AnyformerError('INVALID_FILE', cause.message, { cause });
  }
}

/**
 * One token or several, without those beyond the vocabulary, which never come: transformers writes
 * GPT-2's own 50256 into the files of every smaller GPT-2 that was told of no other.
 *
 * @returns undefined where none is left.
 */
export function tokensOfVocabulary(ids: unknown, vocabSize: unknown): unknown {
  const isBeyond = (id: unknown) => Number.isInteger(id) && (id as number) >= (vocabSize as number);
  if (!Array.isArray(ids)) return isBeyond(ids) ? undefined : ids;
  const left = ids.filter((id) => !isBeyond(id));
  return left.length > 0 || ids.length === 0 ? left : undefined;
}

function checkServed(json: JsonObject, name: string): void {
  const refuse = (key: string, value: unknown, served: readonly unknown[]) =>
    new AnyformerError(
      'UNSUPPORTED',
      `${name}: ${key} ${show(value)} is not served, only ${served.map(show).join(' or ')}.`,
    );
  for (const [key, served] of Object.entries(onlyServed)) {
    const value = json[key];
    if (value === undefined || value === null || served.includes(value)) continue;
    throw refuse(key, value, served);
  }
  // Two generations of configs: ropeScaling beside ropeTheta, then one object of both.
  for (const key of ['ropeScaling', 'ropeParameters']) {
    const rope = json[key];
    if (!isJsonObject(rope)) continue;
    const kind = rope.ropeType ?? rope.type ?? 'default';
    if (kind !== 'default') throw refuse(`${key}.ropeType`, kind, ['default']);
    const share = rope.partialRotaryFactor ?? 1;
    if (share !== 1) throw refuse(`${key}.partialRotaryFactor`, share, [1]);
  }
}

/** The config.json for a decoder, in camelCase (see `writeHfConfig`). */
export function decoderConfigToHf(config: DecoderConfig): JsonObject {
  const { type } = config;
  const json: JsonObject = { modelType: type, architectures: [architectures[type]] };
  // An id that is left out is not "none" for Hugging Face but the one of the original model.
  for (const key of common) json[key] = config[key] ?? null;
  for (const [key, theirs] of Object.entries(named[type])) {
    const value = config[key as Key];
    const isForeign = type === 'llama' && theirs.endsWith('Pdrop');
    if (!isForeign || value !== 0) json[theirs] = value;
  }
  return json;
}
