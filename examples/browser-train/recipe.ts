import type { ClassifierTrainingOptions, TextClassifierOptions, TextExample } from 'anyformer';

/** What a user of the page decides. */
export interface Settings {
  readonly size: 'small' | 'medium';
  readonly epochs: number;
}

/** The share of the texts that accuracy is measured on, and nothing is learned from. */
export const HELD_OUT = 0.2;

const ENCODERS = {
  small: { hiddenSize: 64, numHiddenLayers: 1, numAttentionHeads: 4, intermediateSize: 128 },
  medium: { hiddenSize: 128, numHiddenLayers: 2, numAttentionHeads: 4, intermediateSize: 256 },
} as const;

/** Few texts are read often: about as many updates as a small model needs. */
export function epochsFor(count: number): number {
  if (count < 300) return 20;
  if (count < 2000) return 10;
  return count < 10_000 ? 4 : 2;
}

/** The options of a classifier that these settings and examples mean. */
export function classifierOptions(
  { size }: Settings,
  examples: readonly TextExample[],
): TextClassifierOptions {
  return {
    multiLabel: examples.some(({ label }) => Array.isArray(label)),
    maxLength: 160,
    tokenizer: { type: 'wordpiece', vocabSize: 8000 },
    encoder: { type: 'transformer', dropout: 0.2, ...ENCODERS[size] },
  };
}

/** And those of its training. */
export function trainingOptions(
  { size, epochs }: Settings,
  examples: readonly TextExample[],
): ClassifierTrainingOptions {
  return {
    epochs,
    batchSize: examples.length < 1000 ? 8 : 32,
    learningRate: size === 'small' ? 2e-3 : 1e-3,
    warmupRatio: 0.1,
    weightDecay: 0.05,
    validationSplit: HELD_OUT,
    saveSteps: 200,
  };
}
