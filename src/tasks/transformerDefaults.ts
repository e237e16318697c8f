import type { TrainingOptions } from '../train/trainingOptions.ts';
import type { EncoderChoice, TokenizerOptions } from './classifierOptions.ts';

/** What is known of the examples before anything is trained. */
export interface DataStatistics {
  readonly examples: number;
  readonly labels: number;
  /** Characters of a text, on average. */
  readonly meanLength: number;
  /** Where the user has set it. */
  readonly maxLength?: number | undefined;
}

export interface TransformerDefaults {
  readonly tokenizer: TokenizerOptions;
  readonly encoder: EncoderChoice;
  readonly maxLength: number;
  readonly training: TrainingOptions;
}

/** The sizes and training options of a small Transformer that fit the data. */
export function transformerDefaults(data: DataStatistics): TransformerDefaults {
  const { examples, meanLength } = data;
  const maxLength = data.maxLength ?? Math.min(256, Math.max(32, Math.round(meanLength / 2)));
  return {
    tokenizer: { type: 'wordpiece', vocabSize: 10_000 },
    encoder: {
      type: 'transformer',
      hiddenSize: 64,
      numHiddenLayers: 1,
      numAttentionHeads: 4,
      intermediateSize: 128,
      pooling: 'max',
      dropout: 0.5,
    },
    maxLength,
    training: {
      maxSteps: Math.min(3000, Math.max(100, Math.ceil((examples * 6) / 32))),
      batchSize: 32,
      learningRate: 1e-3,
      warmupRatio: 0.1,
      weightDecay: 0.05,
    },
  };
}
