/**
 * The model of the training step: an embedding of 20,000 tokens, one Transformer block, the mean,
 * two classes. For us through the public API, for the peer written with its own operations.
 */
import { SeedWords } from './seedWords.mjs';

export const article = {
  vocabSize: 20_000,
  hiddenSize: 256,
  numAttentionHeads: 8,
  intermediateSize: 512,
  dropout: 0.1,
  numLabels: 2,
  batchSize: 32,
  length: 128,
  learningRate: 1e-3,
};

/** Floating-point operations of a step: forward once, backward twice; attention recomputes scores. */
export function articleFlops() {
  const { hiddenSize: D, intermediateSize: F, batchSize: B, length: T } = article;
  const products = 3 * 2 * B * T * (4 * D * D + 2 * D * F);
  const attention = 7 * 2 * B * T * T * D;
  return products + attention;
}

/** Our side: `steps(n)` trains n steps and gives the milliseconds of each, from its progress. */
export async function ourTraining({ Tokenizer, TextClassifier }) {
  const { vocabSize, hiddenSize, numAttentionHeads, intermediateSize, dropout, length } = article;
  const words = new SeedWords(vocabSize);
  const classifier = await TextClassifier.create({
    maxLength: length,
    tokenizer: Tokenizer.fromJSON(words.tokenizerJson()),
    encoder: {
      type: 'transformer',
      hiddenSize,
      numHiddenLayers: 1,
      numAttentionHeads,
      intermediateSize,
      dropout,
      maxPositionEmbeddings: length,
    },
  });
  const { batchSize, learningRate } = article;
  const examples = Array.from({ length: 4 * batchSize }, (_, i) => ({
    text: words.text(length),
    label: i % 2 === 0 ? 'even' : 'odd',
  }));
  return {
    async steps(count) {
      const times = [];
      let last;
      await classifier.train(examples, {
        // The first one has no beginning that can be seen from outside.
        maxSteps: count + 1,
        batchSize,
        learningRate,
        optimizer: 'adamw',
        onProgress: ({ phase }) => {
          if (phase !== 'train') return;
          const now = performance.now();
          if (last !== undefined) times.push(now - last);
          last = now;
        },
      });
      return times;
    },
    dispose: () => classifier.dispose(),
  };
}

/** The peer's side: `step()` trains one step and gives the loss. */
export function peerTraining(tf) {
  const { batchSize, length, vocabSize, numLabels, learningRate } = article;
  const weights = peerWeights(tf);
  const ids = tf.randomUniformInt([batchSize, length], 0, vocabSize, 1);
  const classes = Array.from({ length: batchSize }, (_, i) => i % 2);
  const labels = tf.oneHot(tf.tensor1d(classes, 'int32'), numLabels);
  const optimizer = tf.train.adam(learningRate);
  return {
    step() {
      const loss = optimizer.minimize(
        () => tf.losses.softmaxCrossEntropy(labels, peerLogits(tf, weights, ids)),
        true,
      );
      const value = loss.dataSync()[0];
      loss.dispose();
      if (!Number.isFinite(value)) throw new Error(`The peer's loss is ${value}.`);
      return value;
    },
  };
}

function peerWeights(tf) {
  const { vocabSize, hiddenSize: D, intermediateSize: F, numLabels, length } = article;
  const random = (...shape) => tf.variable(tf.randomNormal(shape, 0, 0.05));
  const linear = (inputs, outputs) => ({
    kernel: random(inputs, outputs),
    bias: tf.variable(tf.zeros([outputs])),
  });
  const norm = () => ({ gamma: tf.variable(tf.ones([D])), beta: tf.variable(tf.zeros([D])) });
  return {
    words: random(vocabSize, D),
    positions: random(length, D),
    query: linear(D, D),
    key: linear(D, D),
    value: linear(D, D),
    output: linear(D, D),
    attentionNorm: norm(),
    intermediate: linear(D, F),
    feedForward: linear(F, D),
    feedForwardNorm: norm(),
    head: linear(D, numLabels),
  };
}

/**
 * The model's logits as one writes them well for tfjs: products of two matrices rather than of
 * batches wherever there is a choice, bias and activation fused into them, and the smaller tensor
 * scaled.
 */
function peerLogits(tf, weights, ids) {
  const { batchSize: B, length: T, hiddenSize: D, numAttentionHeads: H, dropout: rate } = article;
  const linear = (x, { kernel, bias }, activation = 'linear') =>
    tf.fused.matMul({ a: x, b: kernel, bias, activation });
  const norm = (x, { gamma, beta }) => {
    const { mean, variance } = tf.moments(x, -1, true);
    const normalized = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5)));
    return tf.add(tf.mul(normalized, gamma), beta);
  };
  const split = (x) => tf.transpose(tf.reshape(x, [B, T, H, D / H]), [0, 2, 1, 3]); // (B, H, T, d)
  const join = (x) => tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [B * T, D]);
  const drop = (x) => tf.dropout(x, rate);

  const embedded = tf.add(tf.gather(weights.words, ids), weights.positions); // (B, T, D)
  let x = tf.reshape(drop(embedded), [B * T, D]);
  const query = split(tf.mul(linear(x, weights.query), Math.sqrt(H / D)));
  const key = split(linear(x, weights.key));
  const value = split(linear(x, weights.value));
  const probabilities = tf.softmax(tf.matMul(query, key, false, true)); // (B, H, T, T)
  const attended = join(tf.matMul(drop(probabilities), value)); // (B*T, D)
  x = norm(tf.add(x, drop(linear(attended, weights.output))), weights.attentionNorm);
  const hidden = linear(x, weights.intermediate, 'relu'); // (B*T, F)
  x = norm(tf.add(x, drop(linear(hidden, weights.feedForward))), weights.feedForwardNorm);
  const pooled = drop(tf.mean(tf.reshape(x, [B, T, D]), 1)); // (B, D)
  return linear(pooled, weights.head);
}
