/**
 * GPT-2 in tfjs, decoding one token after another with its keys and values kept.
 *
 * @param weights `{ shape, data }` by Hugging Face's names.
 * @param config `hiddenSize`, `numHiddenLayers`, `numAttentionHeads`, `normEps`.
 * @returns `append(id)`, which gives the logits of the next token and keeps the token; `score(id)`,
 *   the same without keeping it.
 */
export function tfjsGpt(tf, weights, config) {
  const tensors = Object.fromEntries(
    Object.entries(weights).map(([name, { shape, data }]) => [name, tf.tensor(data, shape)]),
  );
  let kept = [];
  const step = (id, keeps) => {
    let logits;
    const next = tf.tidy(() => {
      const { output, cache } = decode(tf, tensors, kept, id, config);
      logits = output.dataSync();
      return keeps ? cache : [];
    });
    if (keeps) {
      tf.dispose(kept);
      kept = next;
    }
    return logits;
  };
  return { append: (id) => step(id, true), score: (id) => step(id, false) };
}

/** One token through all layers; `kept` has keys and values of (H, t, d) for each layer. */
function decode(tf, weights, kept, id, config) {
  const { hiddenSize: D, numHiddenLayers, numAttentionHeads: H, normEps } = config;
  const linear = (a, name) =>
    tf.fused.matMul({ a, b: weights[`${name}.weight`], bias: weights[`${name}.bias`] });
  const norm = (x, name) => {
    const centered = tf.sub(x, tf.mean(x, -1, true));
    const variance = tf.mean(tf.square(centered), -1, true);
    const normalized = tf.mul(centered, tf.rsqrt(tf.add(variance, normEps)));
    return tf.add(tf.mul(normalized, weights[`${name}.weight`]), weights[`${name}.bias`]);
  };
  const place = kept.length > 0 ? kept[0].keys.shape[1] : 0;
  const row = (name, index) => tf.slice(weights[`transformer.${name}.weight`], [index, 0], [1, D]);
  const cache = [];
  let x = tf.add(row('wte', id), row('wpe', place)); // (1, D)
  for (let i = 0; i < numHiddenLayers; i++) {
    const layer = `transformer.h.${i}`;
    const mixed = linear(norm(x, `${layer}.ln_1`), `${layer}.attn.c_attn`); // (1, 3 D)
    const [query, key, value] = tf
      .split(mixed, 3, 1)
      .map((part) => tf.reshape(part, [H, 1, D / H]));
    const keys = kept[i] ? tf.concat([kept[i].keys, key], 1) : key; // (H, t, d)
    const values = kept[i] ? tf.concat([kept[i].values, value], 1) : value;
    cache.push({ keys, values });
    const scores = tf.matMul(tf.mul(query, Math.sqrt(H / D)), keys, false, true); // (H, 1, t)
    const attended = tf.reshape(tf.matMul(tf.softmax(scores), values), [1, D]);
    x = tf.add(x, linear(attended, `${layer}.attn.c_proj`));
    const hidden = gelu(tf, linear(norm(x, `${layer}.ln_2`), `${layer}.mlp.c_fc`));
    x = tf.add(x, linear(hidden, `${layer}.mlp.c_proj`));
  }
  const words = weights['transformer.wte.weight'];
  return { output: tf.matMul(norm(x, 'transformer.ln_f'), words, false, true), cache };
}

const SLOPE = Math.sqrt(2 / Math.PI);

/** gelu_new: x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2. */
function gelu(tf, x) {
  const inner = tf.mul(x, tf.add(tf.mul(tf.square(x), 0.044715 * SLOPE), SLOPE));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
}
