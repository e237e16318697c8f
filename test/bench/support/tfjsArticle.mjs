import { article } from './article.mjs';
import { readFloats, transposed } from './safetensors.mjs';

/** Tokens up to which a step of tfjs with dropout fits into the 4 GB that WebAssembly can have. */
const LONGEST_WITH_DROPOUT = 256;

/** How tfjs trains on sequences of so many tokens: `options` for tfjsTraining, `note` for the reader. */
export function tfjsDropout(length) {
  if (length <= LONGEST_WITH_DROPOUT) return { options: {}, note: undefined };
  return {
    options: { dropout: 0 },
    note: 'tfjs goes without dropout here: with it 4 GB are not enough for it',
  };
}

/**
 * The article's model with tfjs's own operations, from the weights of a model.safetensors.
 *
 * @param batch see `batchOf`.
 * @param options `dropout` and `learningRate`, where they are not the article's.
 * @returns `step()`, which trains one step and gives the loss.
 */
export function tfjsTraining(tf, safetensors, { ids, labels }, options = {}) {
  const { dropout, learningRate } = { ...article, ...options };
  const weights = variables(tf, readFloats(safetensors));
  const inputs = tf.tensor2d(ids, undefined, 'int32');
  const targets = tf.oneHot(tf.tensor1d(labels, 'int32'), article.labels.length);
  const optimizer = tf.train.adam(learningRate, 0.9, 0.999, article.adamEpsilon);
  return {
    step() {
      const loss = optimizer.minimize(
        () => tf.losses.softmaxCrossEntropy(targets, logits(tf, weights, inputs, dropout)),
        true,
      );
      const value = loss.dataSync()[0];
      loss.dispose();
      if (!Number.isFinite(value)) throw new Error(`The loss of tfjs is ${value}.`);
      return value;
    },
    dispose: () => tf.dispose([inputs, targets, weights]),
  };
}

const LAYER = 'transformer.encoder.layer.0';

function variables(tf, saved) {
  const variable = ({ data, shape }) => {
    const values = tf.tensor(data, shape);
    const made = tf.variable(values);
    values.dispose();
    return made;
  };
  const table = (name) => variable(saved[`transformer.embeddings.${name}.weight`]);
  const linear = (name) => ({
    kernel: variable(transposed(saved[`${name}.weight`])),
    bias: variable(saved[`${name}.bias`]),
  });
  const norm = (name) => ({
    gamma: variable(saved[`${name}.weight`]),
    beta: variable(saved[`${name}.bias`]),
  });
  return {
    words: table('word_embeddings'),
    positions: table('position_embeddings'),
    query: linear(`${LAYER}.attention.self.query`),
    key: linear(`${LAYER}.attention.self.key`),
    value: linear(`${LAYER}.attention.self.value`),
    output: linear(`${LAYER}.attention.output.dense`),
    attentionNorm: norm(`${LAYER}.attention.output.LayerNorm`),
    intermediate: linear(`${LAYER}.intermediate.dense`),
    feedForward: linear(`${LAYER}.output.dense`),
    feedForwardNorm: norm(`${LAYER}.output.LayerNorm`),
    head: linear('classifier'),
  };
}

/**
 * The model's logits as one writes them well for tfjs: products of two matrices rather than of
 * batches wherever there is a choice, bias and activation fused into them, and the smaller tensor
 * scaled.
 */
function logits(tf, weights, ids, rate) {
  const { hiddenSize: D, numAttentionHeads: H, layerNormEps } = article;
  const [B, T] = ids.shape;
  const linear = (x, { kernel, bias }, activation = 'linear') =>
    tf.fused.matMul({ a: x, b: kernel, bias, activation });
  const norm = (x, { gamma, beta }) => {
    const { mean, variance } = tf.moments(x, -1, true);
    const normalized = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, layerNormEps)));
    return tf.add(tf.mul(normalized, gamma), beta);
  };
  const split = (x) => tf.transpose(tf.reshape(x, [B, T, H, D / H]), [0, 2, 1, 3]); // (B, H, T, d)
  const join = (x) => tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [B * T, D]);
  const drop = (x) => (rate > 0 ? tf.dropout(x, rate) : x);

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
