/**
 * GPT-2 in tfjs with its keys and values kept: a prompt at once, or one token after another.
 *
 * @param weights `{ shape, data }` by Hugging Face's names.
 * @param config `hiddenSize`, `numHiddenLayers`, `numAttentionHeads`, `normEps`.
 * @returns `append(ids)`, which gives the logits of the next token and keeps the tokens; `score(ids)`,
 *   the same without keeping them; `forget()`, after which none is kept.
 */
export function tfjsGpt(tf, weights, config) {
  const tensors = Object.fromEntries(
    Object.entries(weights).map(([name, { shape, data }]) => [name, tf.tensor(data, shape)]),
  );
  let kept = [];
  const replace = (next) => {
    tf.dispose(kept);
    kept = next;
  };
  const read = (ids, keeps) => {
    let logits;
    const next = tf.tidy(() => {
      const { output, cache } = decode(tf, tensors, kept, ids, config);
      logits = output.dataSync();
      return keeps ? cache : [];
    });
    if (keeps) replace(next);
    return logits;
  };
  return {
    append: (ids) => read(ids, true),
    score: (ids) => read(ids, false),
    forget: () => replace([]),
  };
}

/** T tokens through all layers; `kept` has keys and values of (H, t, d) for each layer. */
function decode(tf, weights, kept, ids, config) {
  const { hiddenSize: D, numHiddenLayers, numAttentionHeads: H, normEps } = config;
  const linear = (a, name) =>
    tf.fused.matMul({ a, b: weights[`${name}.weight`], bias: weights[`${name}.bias`] });
  const norm = (x, name) => {
    const centered = tf.sub(x, tf.mean(x, -1, true));
    const variance = tf.mean(tf.square(centered), -1, true);
    const normalized = tf.mul(centered, tf.rsqrt(tf.add(variance, normEps)));
    return tf.add(tf.mul(normalized, weights[`${name}.weight`]), weights[`${name}.bias`]);
  };
  const T = ids.length;
  const place = kept.length > 0 ? kept[0].keys.shape[1] : 0;
  const mask = T > 1 ? causalMask(tf, T, place) : undefined;
  const words = weights['transformer.wte.weight'];
  const positions = tf.slice(weights['transformer.wpe.weight'], [place, 0], [T, D]);
  const cache = [];
  let x = tf.add(tf.gather(words, tf.tensor1d(ids, 'int32')), positions); // (T, D)
  for (let i = 0; i < numHiddenLayers; i++) {
    const layer = `transformer.h.${i}`;
    const mixed = linear(norm(x, `${layer}.ln_1`), `${layer}.attn.c_attn`); // (T, 3 D)
    const [query, key, value] = tf.split(mixed, 3, 1).map((part) => toHeads(tf, part, H));
    const keys = kept[i] ? tf.concat([kept[i].keys, key], 1) : key; // (H, t, d)
    const values = kept[i] ? tf.concat([kept[i].values, value], 1) : value;
    cache.push({ keys, values });
    const scores = tf.matMul(tf.mul(query, Math.sqrt(H / D)), keys, false, true); // (H, T, t)
    const weighed = tf.softmax(mask ? tf.add(scores, mask) : scores);
    const attended = fromHeads(tf, tf.matMul(weighed, values)); // (T, D)
    x = tf.add(x, linear(attended, `${layer}.attn.c_proj`));
    const hidden = gelu(tf, linear(norm(x, `${layer}.ln_2`), `${layer}.mlp.c_fc`));
    x = tf.add(x, linear(hidden, `${layer}.mlp.c_proj`));
  }
  // What follows the prompt is all that is asked.
  const last = norm(tf.slice(x, [T - 1, 0], [1, D]), 'transformer.ln_f');
  return { output: tf.matMul(last, words, false, true), cache };
}

/** (T, D) -> (H, T, d); of one token it is a matter of the shape alone. */
function toHeads(tf, x, H) {
  const [T, D] = x.shape;
  if (T === 1) return tf.reshape(x, [H, 1, D / H]);
  return tf.transpose(tf.reshape(x, [T, H, D / H]), [1, 0, 2]);
}

/** (H, T, d) -> (T, D) */
function fromHeads(tf, x) {
  const [H, T, d] = x.shape;
  return tf.reshape(T === 1 ? x : tf.transpose(x, [1, 0, 2]), [T, H * d]);
}

/** (T, t), which keeps each of T tokens from those after it. */
function causalMask(tf, T, place) {
  const t = place + T;
  const values = Float32Array.from({ length: T * t }, (_, i) =>
    i % t > place + Math.floor(i / t) ? -1e9 : 0,
  );
  return tf.tensor2d(values, [T, t]);
}

const SLOPE = Math.sqrt(2 / Math.PI);

/** gelu_new: x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2. */
function gelu(tf, x) {
  const inner = tf.mul(x, tf.add(tf.mul(tf.square(x), 0.044715 * SLOPE), SLOPE));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
}
