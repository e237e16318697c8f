import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import * as jax from '@jax-js/jax';

const { numpy: np, nn, tree } = jax;

const entry = createRequire(import.meta.url).resolve('@jax-js/jax');
const { version } = JSON.parse(readFileSync(path.join(path.dirname(entry), '../package.json')));

/** In Node it has one thread. */
export const jaxName = `jax-js ${version}, 1 thread`;

/** What masked scores are. */
const MASKED = -1e9;

/**
 * GPT-2 in jax-js on WebAssembly, forward and backward in one compiled function.
 *
 * @param weights `{ shape, data }` by Hugging Face's names.
 * @param batch `ids` and `targets`, (B, T) of them as Int32Array.
 * @param config `batchSize`, `length`, `hiddenSize`, `numHiddenLayers`, `numAttentionHeads`,
 *   `vocabSize`.
 * @returns `run()`, which computes the loss and all gradients; `result()`, both as numbers.
 */
export async function jaxGpt(weights, { ids, targets }, config) {
  await jax.init('wasm');
  const { batchSize: B, length: T } = config;
  const parameters = Object.fromEntries(
    Object.entries(weights).map(([name, { shape, data }]) => [name, np.array(data).reshape(shape)]),
  );
  const x = np.array(ids, { dtype: np.int32 }).reshape([B, T]);
  const y = np.array(targets, { dtype: np.int32 });
  const compiled = jax.jit(jax.valueAndGrad((...given) => lossOf(...given, config)));
  const compute = async () => {
    // A function takes over the arrays that it is given; these are to be used again.
    const [loss, gradients] = compiled(tree.ref(parameters), x.ref, y.ref);
    await jax.blockUntilReady(gradients);
    return { loss: await loss.jsAsync(), gradients };
  };
  return {
    run: async () => tree.dispose((await compute()).gradients),
    async result() {
      const { loss, gradients } = await compute();
      const names = Object.keys(gradients);
      const values = await Promise.all(names.map((name) => gradients[name].data()));
      return { loss, gradients: Object.fromEntries(names.map((name, i) => [name, values[i]])) };
    },
  };
}

/** The mean of -log p(target). Every weight is used once, so each use takes it over. */
function lossOf(weights, ids, targets, config) {
  const { batchSize: B, length: T, hiddenSize: D, numHiddenLayers, vocabSize } = config;
  const linear = (x, name) => np.matmul(x, weights[`${name}.weight`]).add(weights[`${name}.bias`]);
  const norm = (x, name) =>
    nn.standardize(x).mul(weights[`${name}.weight`]).add(weights[`${name}.bias`]);
  const words = weights['transformer.wte.weight'];
  let x = np
    .take(words.ref, ids, 0)
    .add(weights['transformer.wpe.weight'])
    .reshape([B * T, D]);
  for (let i = 0; i < numHiddenLayers; i++) {
    const layer = `transformer.h.${i}`;
    const mixed = linear(norm(x.ref, `${layer}.ln_1`), `${layer}.attn.c_attn`); // (B*T, 3 D)
    x = x.add(linear(attend(mixed, config), `${layer}.attn.c_proj`));
    const hidden = nn.gelu(linear(norm(x.ref, `${layer}.ln_2`), `${layer}.mlp.c_fc`));
    x = x.add(linear(hidden, `${layer}.mlp.c_proj`));
  }
  const logits = np.matmul(norm(x, 'transformer.ln_f'), np.transpose(words)); // (B*T, V)
  const chosen = nn.logSoftmax(logits).mul(nn.oneHot(targets, vocabSize));
  return chosen.sum().mul(-1 / (B * T));
}

/** Causal attention of queries, keys and values side by side: (B*T, 3 D) -> (B*T, D). */
function attend(mixed, { batchSize: B, length: T, hiddenSize: D, numAttentionHeads: H }) {
  const [query, key, value] = np.split(mixed, 3, 1).map((part) => part.reshape([B, T, H, D / H]));
  const scaled = np.transpose(query, [0, 2, 1, 3]).mul(Math.sqrt(H / D)); // (B, H, T, d)
  const scores = np.matmul(scaled, np.transpose(key, [0, 2, 3, 1])); // (B, H, T, T)
  const visible = np.tri(T, T).reshape([1, 1, T, T]).notEqual(0);
  const probabilities = nn.softmax(np.where(visible, scores, MASKED));
  const attended = np.matmul(probabilities, np.transpose(value, [0, 2, 1, 3])); // (B, H, T, d)
  return np.transpose(attended, [0, 2, 1, 3]).reshape([B * T, D]);
}
