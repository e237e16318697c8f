/** A Transformer of the size that a spam filter needs, for what is measured of its speed and memory. */
export const spamOptions = {
  create: {
    maxLength: 160,
    tokenizer: { type: 'wordpiece', vocabSize: 8000 },
    encoder: {
      type: 'transformer',
      hiddenSize: 64,
      numHiddenLayers: 1,
      numAttentionHeads: 4,
      intermediateSize: 128,
      dropout: 0.2,
    },
  },
  train: {
    epochs: 3,
    batchSize: 32,
    learningRate: 2e-3,
    warmupRatio: 0.1,
    weightDecay: 0.05,
  },
};
