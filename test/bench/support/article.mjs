/**
 * The model of the training step and of the prediction: an embedding of 20,000 tokens, one
 * Transformer block, the mean, two classes. What ours and every peer agree upon.
 */
import { SeedWords } from './seedWords.mjs';

export const article = {
  vocabSize: 20_000,
  hiddenSize: 256,
  numAttentionHeads: 8,
  intermediateSize: 512,
  dropout: 0.1,
  layerNormEps: 1e-5,
  labels: ['even', 'odd'],
  batchSize: 32,
  learningRate: 1e-3,
  maxGradNorm: 1,
  adamEpsilon: 1e-8,
};

const words = new SeedWords(article.vocabSize);

export const tokenizerJson = () => words.tokenizerJson();

/** So many examples of so many tokens, with their token ids; the same ones in every process. */
export function articleExamples(count, length) {
  return Array.from({ length: count }, (_, i) => {
    const text = words.text(length);
    return { text, label: article.labels[i % 2], ids: words.ids(text) };
  });
}

/** What a peer is given of examples: `ids`, a list of lists, and `labels`, the number of each class. */
export function batchOf(examples) {
  return {
    ids: examples.map(({ ids }) => ids),
    labels: examples.map(({ label }) => article.labels.indexOf(label)),
  };
}

/** Floating-point operations of a step: forward once, backward twice; attention recomputes scores. */
export function articleFlops(length) {
  const { hiddenSize: D, intermediateSize: F, batchSize: B } = article;
  const products = 3 * 2 * B * length * (4 * D * D + 2 * D * F);
  const attention = 7 * 2 * B * length * length * D;
  return products + attention;
}
