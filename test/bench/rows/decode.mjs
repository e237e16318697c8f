import { checkAgreement } from '../support/agreement.mjs';
import { alternate } from '../support/alternate.mjs';
import { measureBandwidth } from '../support/bandwidth.mjs';
import { startOurs } from '../support/ours.mjs';
import { startTfjs, tfjsName } from '../support/tfjs.mjs';
import { tfjsGpt } from '../support/tfjsGpt.mjs';
import { valuesOf } from '../support/variables.mjs';

const config = {
  vocabSize: 65,
  hiddenSize: 384,
  numHiddenLayers: 6,
  numAttentionHeads: 6,
  maxPositionEmbeddings: 256,
  normEps: 1e-5,
};

const FLOAT_BYTES = 4;

/** Tokens of one turn: nobody asks for a single one, and the peer's turn leaves the caches cold. */
const TOKENS = 64;

/** The last token of a full cache: one row through all layers, with all keys and values read. */
export async function measure({ progress, report }) {
  const { Decoder, engine } = await startOurs();
  const { maxPositionEmbeddings: length, hiddenSize, numHiddenLayers, vocabSize } = config;
  const decoder = new Decoder({ type: 'gpt2', ...config }, 42);
  const weights = valuesOf(decoder.variables);
  const ids = Array.from({ length }, (_, i) => (i * 7919 + (i >> 3)) % vocabSize);
  const last = ids.pop();

  const cache = decoder.createCache({ maxLength: length });
  decoder.prefill([ids], cache);
  const ours = () => {
    cache.truncate(length - 1);
    return decoder.step([last], cache);
  };
  const peer = tfjsGpt(await startTfjs(), weights, config);
  peer.append(ids);
  checkAgreement('decode: the logits', ours(), peer.score([last]));
  progress('measuring');

  const bytes = FLOAT_BYTES * (readOnce(weights) + 2 * numHiddenLayers * length * hiddenSize);
  const before = await measureBandwidth(bytes);
  const measured = await alternate(turn(ours), [
    { peerName: tfjsName, call: turn(() => peer.score([last])) },
  ]);
  const bandwidth = Math.max(before, await measureBandwidth(bytes));
  await report({
    name: `decode L${numHiddenLayers} D${hiddenSize}, token ${length}`,
    ...measured,
    unit: 'ms',
    engine,
    peakShare: bytes / (measured.ours * 1e6) / bandwidth,
    note: [
      `of the bandwidth: ${(bytes / 1e6).toFixed(0)} MB of weights, keys and values, ${bandwidth.toFixed(1)} GB/s at which one core reads so many`,
      measured.note,
    ],
  });
}

/** Tokens in a row, as they are decoded. */
function turn(call) {
  const many = (repeats) => {
    for (let i = 0; i < repeats; i++) call();
  };
  return { many, least: TOKENS };
}

/** Elements of all weights but the table of positions, of which a token reads one row. */
function readOnce(weights) {
  return Object.entries(weights)
    .filter(([name]) => !name.includes('wpe'))
    .reduce((sum, [, { data }]) => sum + data.length, 0);
}
