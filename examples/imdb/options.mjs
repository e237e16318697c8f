/** The Keras example's size, and the article's. Both have a vocabulary of 20,000. */
const ENCODERS = {
  keras: { hiddenSize: 32, numAttentionHeads: 2, intermediateSize: 32 },
  article: { hiddenSize: 256, numAttentionHeads: 8, intermediateSize: 512 },
};

export const modelNames = Object.keys(ENCODERS);

/** @param {string} model 'keras' or 'article' */
export function imdbOptions(model) {
  return {
    create: {
      maxLength: 200,
      tokenizer: { type: 'wordpiece', vocabSize: 20_000 },
      encoder: { type: 'transformer', numHiddenLayers: 1, dropout: 0.1, ...ENCODERS[model] },
    },
    train: { epochs: 2, batchSize: 32, learningRate: 1e-3, warmupRatio: 0.1 },
  };
}
