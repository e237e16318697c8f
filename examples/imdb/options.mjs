/** The Keras example's size, and the article's. Both have a vocabulary of 20,000. */
const ENCODERS = {
  keras: { hiddenSize: 32, numAttentionHeads: 2, intermediateSize: 32 },
  article: { hiddenSize: 256, numAttentionHeads: 8, intermediateSize: 512 },
};

export const modelNames = Object.keys(ENCODERS);

/**
 * A review's verdict often stands at its end, so its last 200 tokens are kept, as in the Keras example.
 *
 * @param {string} model 'keras' or 'article'
 */
export function imdbOptions(model) {
  return {
    create: {
      maxLength: 200,
      truncationSide: 'left',
      tokenizer: { type: 'wordpiece', vocabSize: 20_000 },
      encoder: {
        type: 'transformer',
        numHiddenLayers: 1,
        pooling: 'max',
        dropout: 0.3,
        ...ENCODERS[model],
      },
    },
    train: { epochs: 3, batchSize: 32, learningRate: 1e-3, warmupRatio: 0.1 },
  };
}
