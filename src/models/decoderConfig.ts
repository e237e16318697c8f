import * as v from 'valibot';
import { AnyformerError, show } from '../core/errors.ts';
import {
  fraction,
  nonNegativeInteger,
  parseOptions,
  positiveInteger,
  positiveNumber,
} from '../core/options.ts';
import {
  type ActivationName,
  type ActivationOption,
  activationNamed,
} from '../kernels/activationName.ts';
import { checkKeyValueHeads, headWidth } from '../layers/headCount.ts';

/**
 * The decoder families, by the `model_type` of Hugging Face's configs.
 *
 * 'gpt2': learned positions, layer norm, an activation between two linear maps, biases everywhere.
 * 'llama': rotary positions, RMS norm, a gated feed-forward part (SwiGLU), grouped-query attention.
 */
export type DecoderType = 'gpt2' | 'llama';

/** The shape of a decoder. Defaults depend on `type` and are those of Hugging Face's configs. */
export interface DecoderOptions {
  /** Default: 'gpt2'. */
  type?: DecoderType;
  /** Number of token ids, V. Required. */
  vocabSize: number;
  /** Width of the hidden states, D. Default: 768; llama 4096. */
  hiddenSize?: number;
  /** Number of blocks. Default: 12; llama 32. */
  numHiddenLayers?: number;
  /** Number of query heads, H. Default: 12; llama 32. */
  numAttentionHeads?: number;
  /** Heads of keys and values, each shared by equally many query heads. Default: `numAttentionHeads`. */
  numKeyValueHeads?: number;
  /** Width of a head. Default: `hiddenSize / numAttentionHeads`. */
  headDim?: number;
  /** Width of the feed-forward part, F. Default: 4 `hiddenSize`; llama 11008. */
  intermediateSize?: number;
  /** Activation of the feed-forward part. Default: 'gelu_new'; llama 'silu'. */
  hiddenAct?: ActivationOption;
  /** The longest sequence, in tokens. Default: 1024; llama 2048. */
  maxPositionEmbeddings?: number;
  /** Added in the norms: `layer_norm_epsilon` or `rms_norm_eps`. Default: 1e-5; llama 1e-6. */
  normEps?: number;
  /** Standard deviation of the initial weights. Default: 0.02. */
  initializerRange?: number;
  /** Whether the logits are products with the token embeddings. Default: true; llama false. */
  tieWordEmbeddings?: boolean;
  /** Wavelength of the slowest rotation, divided by 2 pi. Default: 10000. 'llama' only. */
  ropeTheta?: number;
  /** Whether the linear maps of the attention have biases. Default: true; llama false. */
  attentionBias?: boolean;
  /** Whether the linear maps of the feed-forward part have biases. Default: true; llama false. */
  mlpBias?: boolean;
  /** Sets the three rates below where they are not given. */
  dropout?: number;
  /** Rate for the embeddings. Default: 0.1; llama 0. */
  embeddingDropout?: number;
  /** Rate for the output of each part. Default: 0.1; llama 0. */
  residualDropout?: number;
  /** Rate for the attention probabilities. Default: 0.1; llama 0. */
  attentionDropout?: number;
  /** The token a text begins with. Default: none. */
  bosTokenId?: number;
  /** The token, or tokens, that end a text. Default: none. */
  eosTokenId?: number | readonly number[];
  /** The token that fills up short texts; llama's embedding of it starts as zeros. Default: none. */
  padTokenId?: number;
}

/** {@link DecoderOptions} checked and complete. */
export interface DecoderConfig {
  readonly type: DecoderType;
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  readonly numKeyValueHeads: number;
  readonly headDim: number;
  readonly intermediateSize: number;
  readonly hiddenAct: ActivationName;
  readonly maxPositionEmbeddings: number;
  readonly normEps: number;
  readonly initializerRange: number;
  readonly tieWordEmbeddings: boolean;
  readonly ropeTheta?: number;
  readonly attentionBias: boolean;
  readonly mlpBias: boolean;
  readonly embeddingDropout: number;
  readonly residualDropout: number;
  readonly attentionDropout: number;
  readonly bosTokenId?: number;
  readonly eosTokenId?: number | readonly number[];
  readonly padTokenId?: number;
}

/** As Hugging Face's GPT2Config and LlamaConfig have them. */
const defaults = {
  gpt2: {
    hiddenSize: 768,
    numHiddenLayers: 12,
    numAttentionHeads: 12,
    hiddenAct: 'gelu_new',
    maxPositionEmbeddings: 1024,
    normEps: 1e-5,
    tieWordEmbeddings: true,
    attentionBias: true,
    mlpBias: true,
  },
  llama: {
    hiddenSize: 4096,
    numHiddenLayers: 32,
    numAttentionHeads: 32,
    intermediateSize: 11008,
    hiddenAct: 'silu',
    maxPositionEmbeddings: 2048,
    normEps: 1e-6,
    tieWordEmbeddings: false,
    ropeTheta: 10_000,
    attentionBias: false,
    mlpBias: false,
  },
} as const;

const defaultDropout: Readonly<Record<DecoderType, number>> = { gpt2: 0.1, llama: 0 };
const INITIALIZER_RANGE = 0.02;

const flag = v.boolean('true or false');

/** The options schema, for tasks that take a decoder's options among their own. */
export const decoderSchema = v.strictObject({
  type: v.optional(v.picklist(['gpt2', 'llama'], "'gpt2' or 'llama'"), 'gpt2'),
  vocabSize: positiveInteger,
  hiddenSize: v.optional(positiveInteger),
  numHiddenLayers: v.optional(positiveInteger),
  numAttentionHeads: v.optional(positiveInteger),
  numKeyValueHeads: v.optional(positiveInteger),
  headDim: v.optional(positiveInteger),
  intermediateSize: v.optional(positiveInteger),
  hiddenAct: v.optional(
    v.pipe(v.string('the name of an activation'), v.transform(activationNamed)),
  ),
  maxPositionEmbeddings: v.optional(positiveInteger),
  normEps: v.optional(positiveNumber),
  initializerRange: v.optional(positiveNumber),
  tieWordEmbeddings: v.optional(flag),
  ropeTheta: v.optional(positiveNumber),
  attentionBias: v.optional(flag),
  mlpBias: v.optional(flag),
  dropout: v.optional(fraction),
  embeddingDropout: v.optional(fraction),
  residualDropout: v.optional(fraction),
  attentionDropout: v.optional(fraction),
  bosTokenId: v.optional(nonNegativeInteger),
  eosTokenId: v.optional(
    v.union(
      [nonNegativeInteger, v.array(nonNegativeInteger)],
      'a non-negative integer or an array of them',
    ),
  ),
  padTokenId: v.optional(nonNegativeInteger),
});

/**
 * Checks a decoder's options and fills in the defaults of its type.
 * @throws AnyformerError `UNKNOWN_OPTION` or `INVALID_ARGUMENT`.
 *
 * @example
 * parseDecoderConfig({ vocabSize: 65, hiddenSize: 128, numHiddenLayers: 4, numAttentionHeads: 4 });
 */
export function parseDecoderConfig(options: DecoderOptions, where = 'decoder'): DecoderConfig {
  const { dropout, ...given } = parseOptions(where, decoderSchema, options);
  const rate = dropout ?? defaultDropout[given.type];
  const chosen = {
    initializerRange: INITIALIZER_RANGE,
    embeddingDropout: rate,
    residualDropout: rate,
    attentionDropout: rate,
    ...defaults[given.type],
    // parseOptions has no undefined in it, which valibot's types do not say.
    ...(given as Pick<DecoderConfig, 'type' | 'vocabSize'> & Partial<DecoderConfig>),
  };
  const config: DecoderConfig = {
    ...chosen,
    numKeyValueHeads: chosen.numKeyValueHeads ?? chosen.numAttentionHeads,
    headDim: chosen.headDim ?? defaultHeadDim(chosen),
    intermediateSize: chosen.intermediateSize ?? 4 * chosen.hiddenSize,
  };
  checkConfig(config, where);
  return config;
}

function defaultHeadDim(config: { hiddenSize: number; numAttentionHeads: number }): number {
  return headWidth(config.hiddenSize, config.numAttentionHeads, {
    width: 'hiddenSize',
    heads: 'numAttentionHeads',
  });
}

function checkConfig(config: DecoderConfig, where: string): void {
  const refuse = (message: string) =>
    new AnyformerError('INVALID_ARGUMENT', `${where}: ${message}`);
  checkKeyValueHeads(config.numKeyValueHeads, config.numAttentionHeads, {
    keyValueHeads: 'numKeyValueHeads',
    heads: 'numAttentionHeads',
  });
  for (const name of ['padTokenId', 'bosTokenId', 'eosTokenId'] as const) {
    for (const id of [config[name] ?? []].flat()) {
      if (id < config.vocabSize) continue;
      throw refuse(`${name} ${id} is not below vocabSize ${config.vocabSize}.`);
    }
  }
  if (config.type === 'llama') {
    if (config.headDim % 2 === 0) return;
    throw refuse(
      `headDim ${config.headDim} is odd; rotary positions turn pairs of columns, so use an even one.`,
    );
  }
  const fixed: Record<string, unknown> = {
    numKeyValueHeads: config.numAttentionHeads,
    headDim: config.hiddenSize / config.numAttentionHeads,
    attentionBias: true,
    mlpBias: true,
    ropeTheta: undefined,
  };
  for (const [key, value] of Object.entries(fixed)) {
    const received = config[key as keyof DecoderConfig];
    if (received === value) continue;
    throw refuse(
      `${key} ${show(received)} is for type 'llama'; for 'gpt2' ${value === undefined ? 'leave it out' : `it is ${show(value)}`}.`,
    );
  }
}
