import { checkAgreement } from '../support/agreement.mjs';
import { alternate } from '../support/alternate.mjs';
import { bandwidthNote } from '../support/bandwidth.mjs';
import { startOurs } from '../support/ours.mjs';
import { startTfjs, tfjsName } from '../support/tfjs.mjs';
import { tfjsGpt } from '../support/tfjsGpt.mjs';
import { valuesOf } from '../support/variables.mjs';

const common = { vocabSize: 65, maxPositionEmbeddings: 256, normEps: 1e-5 };
const models = {
  'L6 D384': { ...common, hiddenSize: 384, numHiddenLayers: 6, numAttentionHeads: 6 },
  'L4 D128': { ...common, hiddenSize: 128, numHiddenLayers: 4, numAttentionHeads: 4 },
};

/** Of a prompt, and that are generated. */
const TOKENS = 128;
const FLOAT_BYTES = 4;

/** What is timed, by llama-bench's names; each gives the logits after its last token. */
const tests = {
  pp: ({ forget, append }, ids) => {
    forget();
    return append(ids);
  },
  tg: ({ forget, append }, ids) => {
    forget();
    return ids.map((id) => append([id])).at(-1);
  },
};

/**
 * Reading and writing apart, in llama-bench's terms: pp128 reads a prompt of 128 tokens into an empty
 * cache, tg128 appends 128 tokens one by one to an empty one and reads the logits of each. Which
 * tokens they are takes no part in it, so they are given.
 */
export const of = (model) => ({
  async measure({ progress, report }) {
    const { Decoder, engine } = await startOurs();
    const config = models[model];
    const decoder = new Decoder({ type: 'gpt2', ...config }, 42);
    const weights = valuesOf(decoder.variables);
    const sides = [ourSide(decoder), tfjsGpt(await startTfjs(), weights, config)];
    const ids = Array.from({ length: TOKENS }, (_, i) => (i * 7919 + (i >> 3)) % config.vocabSize);
    for (const [test, run] of Object.entries(tests)) {
      const name = `decode ${model} f32, ${test}${TOKENS}`;
      progress(`measuring ${test}`);
      const [ours, peers] = sides.map((side) => () => run(side, ids));
      checkAgreement(`${name}: the logits`, ours(), peers());
      const measured = await alternate(ours, [{ peerName: tfjsName, call: peers }]);
      const perSecond = (ms) => (1000 * TOKENS) / ms;
      await report({
        ...measured,
        name,
        ours: perSecond(measured.ours),
        peers: measured.peers.map((side) => ({ ...side, peer: perSecond(side.peer) })),
        unit: 'tokens/s',
        engine,
        // One token at a time waits for its weights to be read.
        ...(test === 'pp'
          ? { gflops: promptFlops(weights, config) / (measured.ours * 1e6) }
          : {
              note: [
                await bandwidthNote(tokenBytes(weights, config), measured.ours / TOKENS),
                measured.note,
              ],
            }),
      });
    }
  },
});

/** Our decoder in the peer's words. */
function ourSide(decoder) {
  const cache = decoder.createCache();
  const isEmpty = () => cache.lengths.length === 0;
  return {
    forget: () => cache.truncate(0),
    append: (ids) => (isEmpty() ? decoder.prefill([ids], cache) : decoder.step(ids, cache)),
  };
}

/** Elements of the matrices of the blocks. */
function blockElements(weights) {
  const matrices = Object.entries(weights).filter(
    ([name, { shape }]) => name.includes('.h.') && shape.length === 2,
  );
  return matrices.reduce((sum, [, { data }]) => sum + data.length, 0);
}

/** A multiplication and an addition for each element and token, and for what attention looks at. */
function promptFlops(weights, { hiddenSize, numHiddenLayers }) {
  const attended = numHiddenLayers * hiddenSize * TOKENS * (TOKENS + 1);
  return 2 * (blockElements(weights) * TOKENS + attended);
}

/** What a token reads at the least: all matrices, and on average half of the keys and values. */
function tokenBytes(weights, { hiddenSize, numHiddenLayers, vocabSize }) {
  const words = vocabSize * hiddenSize;
  return FLOAT_BYTES * (blockElements(weights) + words + numHiddenLayers * hiddenSize * TOKENS);
}
