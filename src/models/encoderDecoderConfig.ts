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
import { headWidth } from '../layers/headCount.ts';

/**
 * The encoder-decoder families. 'bart' and 'marian' are Hugging Face's, 'transformer' is the one of
 * the paper and of Keras's guides, with every choice open.
 */
export type EncoderDecoderType = 'transformer' | 'bart' | 'marian';

/** The shape of an encoder-decoder model. Defaults depend on `type`. */
export interface EncoderDecoderOptions {
  /** Default: 'transformer'. */
  type?: EncoderDecoderType;
  /** Number of token ids of the source, and of the target where it has none of its own. Required. */
  vocabSize: number;
  /** Number of token ids of the target, V. Default: `vocabSize`. Not for 'bart'. */
  decoderVocabSize?: number;
  /** Width of the hidden states, D. Default: 256; bart and marian 1024. */
  hiddenSize?: number;
  /** Sets the layers of encoder and decoder where they are not given. Default: 1; others 12. */
  numHiddenLayers?: number;
  encoderLayers?: number;
  decoderLayers?: number;
  /** Sets the heads of encoder and decoder where they are not given. Default: 8; others 16. */
  numAttentionHeads?: number;
  /** Must divide `hiddenSize`. */
  encoderAttentionHeads?: number;
  /** Must divide `hiddenSize`. */
  decoderAttentionHeads?: number;
  /** Sets the feed-forward widths, F, where they are not given. Default: 1024; others 4096. */
  intermediateSize?: number;
  encoderFfnDim?: number;
  decoderFfnDim?: number;
  /** Activation of the feed-forward parts. Default: 'relu'; others 'gelu'. */
  hiddenAct?: ActivationOption;
  /** Rate for the embeddings and the output of each part. Default: 0.1. */
  dropout?: number;
  /** Rate for the attention probabilities. Default: 0. */
  attentionDropout?: number;
  /** Rate within the feed-forward parts, after the activation. Default: 0. */
  activationDropout?: number;
  /** The longest source and the longest target, in tokens. Default: 512; others 1024. */
  maxPositionEmbeddings?: number;
  /**
   * Learned, or fixed waves: sin(t / 10000^(2i/D)) in the first half of the columns, cos in the
   * second. Default: 'learned'; marian 'sinusoidal'. Open for 'transformer' only.
   */
  positions?: 'learned' | 'sinusoidal';
  /** Whether token embeddings are multiplied by sqrt(D). Default: false. */
  scaleEmbedding?: boolean;
  /** Layer norm of the embeddings. Default: false; bart true. Open for 'transformer' only. */
  layernormEmbedding?: boolean;
  /** Layer norm before each part rather than after its sum. Default: false. 'transformer' only. */
  normalizeFirst?: boolean;
  /** Whether source and target have one table of embeddings. Default: true where they can. */
  shareEncoderDecoderEmbeddings?: boolean;
  /** Whether the logits are products with the target's embeddings. Default: true. */
  tieWordEmbeddings?: boolean;
  /** Added to the variance in the norms. Default: 1e-5. Open for 'transformer' only. */
  layerNormEps?: number;
  /** Standard deviation of the initial weights. Default: 0.02; 'transformer' starts as Keras does. */
  initStd?: number;
  /** Default: 0; bart 1, marian 58100. */
  padTokenId?: number;
  /** The token a text begins with. Default: none; bart 0. */
  bosTokenId?: number;
  /** The token, or tokens, that end a text. Default: 2; marian 0. */
  eosTokenId?: number | readonly number[];
  /** The token that the decoder begins with. Default: 2; marian 58100. */
  decoderStartTokenId?: number;
}

/** {@link EncoderDecoderOptions} checked and complete. */
export interface EncoderDecoderConfig {
  readonly type: EncoderDecoderType;
  readonly vocabSize: number;
  readonly decoderVocabSize: number;
  readonly hiddenSize: number;
  readonly encoderLayers: number;
  readonly decoderLayers: number;
  readonly encoderAttentionHeads: number;
  readonly decoderAttentionHeads: number;
  readonly encoderFfnDim: number;
  readonly decoderFfnDim: number;
  readonly hiddenAct: ActivationName;
  readonly dropout: number;
  readonly attentionDropout: number;
  readonly activationDropout: number;
  readonly maxPositionEmbeddings: number;
  readonly positions: 'learned' | 'sinusoidal';
  readonly scaleEmbedding: boolean;
  readonly layernormEmbedding: boolean;
  readonly normalizeFirst: boolean;
  readonly shareEncoderDecoderEmbeddings: boolean;
  readonly tieWordEmbeddings: boolean;
  readonly layerNormEps: number;
  readonly initStd?: number;
  readonly padTokenId: number;
  readonly bosTokenId?: number;
  readonly eosTokenId: number | readonly number[];
  readonly decoderStartTokenId: number;
}

const common = {
  hiddenAct: 'gelu',
  dropout: 0.1,
  attentionDropout: 0,
  activationDropout: 0,
  maxPositionEmbeddings: 1024,
  positions: 'learned',
  scaleEmbedding: false,
  layernormEmbedding: false,
  normalizeFirst: false,
  tieWordEmbeddings: true,
  layerNormEps: 1e-5,
  hiddenSize: 1024,
} as const;

/** As Hugging Face's BartConfig and MarianConfig have them. */
const defaults = {
  transformer: {
    ...common,
    ...{ hiddenSize: 256, hiddenAct: 'relu', maxPositionEmbeddings: 512 },
    ...{ padTokenId: 0, eosTokenId: 2, decoderStartTokenId: 2 },
  },
  bart: {
    ...common,
    ...{ layernormEmbedding: true, initStd: 0.02 },
    ...{ padTokenId: 1, bosTokenId: 0, eosTokenId: 2, decoderStartTokenId: 2 },
  },
  marian: {
    ...common,
    ...{ positions: 'sinusoidal', initStd: 0.02 },
    ...{ padTokenId: 58100, eosTokenId: 0, decoderStartTokenId: 58100 },
  },
} as const;

/** Layers, heads and feed-forward width that encoder and decoder have alike. */
const sizes = {
  transformer: { numHiddenLayers: 1, numAttentionHeads: 8, intermediateSize: 1024 },
  bart: { numHiddenLayers: 12, numAttentionHeads: 16, intermediateSize: 4096 },
  marian: { numHiddenLayers: 12, numAttentionHeads: 16, intermediateSize: 4096 },
} as const;

const flag = v.optional(v.boolean('true or false'));
const count = v.optional(positiveInteger);

/** The options schema, for tasks that take a model's options among their own. */
export const encoderDecoderSchema = v.strictObject({
  type: v.optional(
    v.picklist(['transformer', 'bart', 'marian'], "'transformer', 'bart' or 'marian'"),
    'transformer',
  ),
  vocabSize: positiveInteger,
  decoderVocabSize: count,
  hiddenSize: count,
  numHiddenLayers: count,
  encoderLayers: count,
  decoderLayers: count,
  numAttentionHeads: count,
  encoderAttentionHeads: count,
  decoderAttentionHeads: count,
  intermediateSize: count,
  encoderFfnDim: count,
  decoderFfnDim: count,
  hiddenAct: v.optional(
    v.pipe(v.string('the name of an activation'), v.transform(activationNamed)),
  ),
  dropout: v.optional(fraction),
  attentionDropout: v.optional(fraction),
  activationDropout: v.optional(fraction),
  maxPositionEmbeddings: count,
  positions: v.optional(v.picklist(['learned', 'sinusoidal'], "'learned' or 'sinusoidal'")),
  scaleEmbedding: flag,
  layernormEmbedding: flag,
  normalizeFirst: flag,
  shareEncoderDecoderEmbeddings: flag,
  tieWordEmbeddings: flag,
  layerNormEps: v.optional(positiveNumber),
  initStd: v.optional(positiveNumber),
  padTokenId: v.optional(nonNegativeInteger),
  bosTokenId: v.optional(nonNegativeInteger),
  eosTokenId: v.optional(
    v.union(
      [nonNegativeInteger, v.array(nonNegativeInteger)],
      'a non-negative integer or an array of them',
    ),
  ),
  decoderStartTokenId: v.optional(nonNegativeInteger),
});

/**
 * Checks the options of an encoder-decoder model and fills in the defaults of its type.
 * @throws AnyformerError `UNKNOWN_OPTION` or `INVALID_ARGUMENT`.
 *
 * @example
 * parseEncoderDecoderConfig({ vocabSize: 15000, hiddenSize: 256, numAttentionHeads: 8 });
 */
export function parseEncoderDecoderConfig(
  options: EncoderDecoderOptions,
  where = 'encoderDecoder',
): EncoderDecoderConfig {
  const parsed = parseOptions(where, encoderDecoderSchema, options);
  const { numHiddenLayers, numAttentionHeads, intermediateSize, ...given } = {
    ...sizes[parsed.type],
    ...parsed,
  };
  const { vocabSize, decoderVocabSize = vocabSize } = parsed;
  const config = {
    encoderLayers: numHiddenLayers,
    decoderLayers: numHiddenLayers,
    encoderAttentionHeads: numAttentionHeads,
    decoderAttentionHeads: numAttentionHeads,
    encoderFfnDim: intermediateSize,
    decoderFfnDim: intermediateSize,
    decoderVocabSize,
    shareEncoderDecoderEmbeddings: decoderVocabSize === vocabSize,
    ...defaults[parsed.type],
    ...given,
    // parseOptions has no undefined in it, which valibot's types do not say.
  } as EncoderDecoderConfig;
  checkConfig(config, where);
  return config;
}

/** What is open for type 'transformer' only. */
const fixed = ['positions', 'layernormEmbedding', 'normalizeFirst', 'layerNormEps'] as const;

function checkConfig(config: EncoderDecoderConfig, where: string): void {
  const { type, vocabSize, decoderVocabSize, padTokenId, decoderStartTokenId } = config;
  const refuse = (message: string) =>
    new AnyformerError('INVALID_ARGUMENT', `${where}: ${message}`);
  for (const heads of ['encoderAttentionHeads', 'decoderAttentionHeads'] as const) {
    headWidth(config.hiddenSize, config[heads], { width: 'hiddenSize', heads });
  }
  for (const key of type === 'transformer' ? [] : fixed) {
    if (config[key] === defaults[type][key]) continue;
    throw refuse(
      `${key} ${show(config[key])} is for type 'transformer'; for '${type}' it is ${show(defaults[type][key])}.`,
    );
  }
  if (config.layernormEmbedding && config.normalizeFirst) {
    throw refuse(
      'layernormEmbedding and normalizeFirst do not go together; leave one of them out.',
    );
  }
  const { shareEncoderDecoderEmbeddings: isShared } = config;
  if (decoderVocabSize !== vocabSize && (isShared || type === 'bart')) {
    throw refuse(
      `decoderVocabSize ${decoderVocabSize} and vocabSize ${vocabSize} cannot share embeddings; ` +
        (type === 'bart'
          ? "use type 'marian' or 'transformer'."
          : 'set shareEncoderDecoderEmbeddings: false.'),
    );
  }
  if (type === 'bart' && !isShared) {
    throw refuse("shareEncoderDecoderEmbeddings false is for types 'marian' and 'transformer'.");
  }
  const least = Math.min(vocabSize, decoderVocabSize);
  if (padTokenId >= least) {
    throw refuse(`padTokenId ${padTokenId} is not below the vocabulary's size ${least}.`);
  }
  const { bosTokenId, eosTokenId } = config;
  for (const [name, ids] of Object.entries({ decoderStartTokenId, bosTokenId, eosTokenId })) {
    for (const id of [ids ?? []].flat()) {
      if (id < decoderVocabSize) continue;
      throw refuse(`${name} ${id} is not below the target's vocabulary size ${decoderVocabSize}.`);
    }
  }
}
