import type * as tf from '@tensorflow/tfjs-core';
import type {
  AttentionBlockWeights,
  FeedForwardBlockWeights,
  LayerNormWeights,
  LinearWeights,
} from '../layers/blockWeights.ts';
import type { EncoderConfig } from './encoderConfig.ts';
import type { Initialization, Parameter } from './parameter.ts';
import { layerNorm, layerNormWeights, linear, linearWeights, table } from './parameterRows.ts';
import type { ParameterStore } from './parameterStore.ts';

/** The weights of an encoder, as its forward pass uses them. */
export interface EncoderWeights {
  /** (V, D) */
  readonly words: tf.Tensor2D;
  /** (positions, D) */
  readonly positions: tf.Tensor2D;
  /** (types, D) */
  readonly tokenTypes: tf.Tensor2D | undefined;
  readonly embeddingNorm: LayerNormWeights | undefined;
  readonly blocks: readonly {
    readonly attention: AttentionBlockWeights;
    readonly feedForward: FeedForwardBlockWeights;
  }[];
  readonly finalNorm: LayerNormWeights | undefined;
  readonly pooler: LinearWeights | undefined;
}

/** Which of the parts that not every encoder has this one has. */
function partsOf(config: EncoderConfig) {
  const isBert = config.type === 'bert';
  return {
    tokenTypes: config.typeVocabSize > 0,
    embeddingNorm: isBert,
    // Without it, the sum of a normalize-first model would leave it unnormalized.
    finalNorm: config.normalizeFirst,
    pooler: isBert && config.pooling === 'cls',
  };
}

/** Normal with the range that is set, as BERT always has; otherwise as Keras starts. */
export function encoderInitialization(config: EncoderConfig): Initialization {
  const { initializerRange: range } = config;
  return range === undefined ? { scheme: 'keras' } : { scheme: 'normal', range };
}

/** The parameters of an encoder in fixed order, by Hugging Face's names for BERT after the prefix. */
export function encoderParameters(config: EncoderConfig): Parameter[] {
  const { type, hiddenSize, intermediateSize, vocabSize, maxPositionEmbeddings } = config;
  const parts = partsOf(config);
  const padding = type === 'bert' ? { zeroRow: config.padTokenId } : {};
  const rows = [
    table('embeddings.word_embeddings', vocabSize, hiddenSize, padding),
    table('embeddings.position_embeddings', maxPositionEmbeddings, hiddenSize),
  ];
  if (parts.tokenTypes) {
    rows.push(table('embeddings.token_type_embeddings', config.typeVocabSize, hiddenSize));
  }
  if (parts.embeddingNorm) rows.push(...layerNorm('embeddings.LayerNorm', hiddenSize));
  for (let i = 0; i < config.numHiddenLayers; i++) {
    const layer = `encoder.layer.${i}`;
    rows.push(
      ...linear(`${layer}.attention.self.query`, hiddenSize, hiddenSize),
      ...linear(`${layer}.attention.self.key`, hiddenSize, hiddenSize),
      ...linear(`${layer}.attention.self.value`, hiddenSize, hiddenSize),
      ...linear(`${layer}.attention.output.dense`, hiddenSize, hiddenSize),
      ...layerNorm(`${layer}.attention.output.LayerNorm`, hiddenSize),
      ...linear(`${layer}.intermediate.dense`, hiddenSize, intermediateSize),
      ...linear(`${layer}.output.dense`, intermediateSize, hiddenSize),
      ...layerNorm(`${layer}.output.LayerNorm`, hiddenSize),
    );
  }
  if (parts.finalNorm) rows.push(...layerNorm('encoder.LayerNorm', hiddenSize));
  if (parts.pooler) rows.push(...linear('pooler.dense', hiddenSize, hiddenSize));
  return rows.map((row) => ({ ...row, name: `${type}.${row.name}` }));
}

/** Sorts the parameters of {@link encoderParameters} by their use. */
export function encoderWeights(config: EncoderConfig, store: ParameterStore): EncoderWeights {
  const parts = partsOf(config);
  const table = (name: string) => store.get<tf.Rank.R2>(`${config.type}.${name}.weight`);
  const linear = (name: string) => linearWeights(store, `${config.type}.${name}`);
  const norm = (name: string) => layerNormWeights(store, `${config.type}.${name}`);
  const block = (layer: string) => ({
    attention: {
      attention: {
        query: linear(`${layer}.attention.self.query`),
        key: linear(`${layer}.attention.self.key`),
        value: linear(`${layer}.attention.self.value`),
        output: linear(`${layer}.attention.output.dense`),
      },
      norm: norm(`${layer}.attention.output.LayerNorm`),
    },
    feedForward: {
      intermediate: linear(`${layer}.intermediate.dense`),
      output: linear(`${layer}.output.dense`),
      norm: norm(`${layer}.output.LayerNorm`),
    },
  });
  return {
    words: table('embeddings.word_embeddings'),
    positions: table('embeddings.position_embeddings'),
    tokenTypes: parts.tokenTypes ? table('embeddings.token_type_embeddings') : undefined,
    embeddingNorm: parts.embeddingNorm ? norm('embeddings.LayerNorm') : undefined,
    blocks: Array.from({ length: config.numHiddenLayers }, (_, i) => block(`encoder.layer.${i}`)),
    finalNorm: parts.finalNorm ? norm('encoder.LayerNorm') : undefined,
    pooler: parts.pooler ? linear('pooler.dense') : undefined,
  };
}
