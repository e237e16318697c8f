import { checkAgreement } from '../support/agreement.mjs';
import { toMeasured } from '../support/alternate.mjs';
import { jaxGpt, jaxName } from '../support/jaxGpt.mjs';
import { startOurs } from '../support/ours.mjs';
import { takeRounds } from '../support/rounds.mjs';
import { valuesOf } from '../support/variables.mjs';

/** nanoGPT's configuration for a CPU: Shakespeare, letter by letter. */
const config = {
  vocabSize: 65,
  hiddenSize: 128,
  numHiddenLayers: 4,
  numAttentionHeads: 4,
  batchSize: 12,
  length: 64,
};

const training = { learningRate: 1e-3, weightDecay: 0.1, maxGradNorm: 1, optimizer: 'adamw' };

const OUR_STEPS = 8;
const PEER_STEPS = 3;

/** A training step of a small GPT-2: ours with clipping and AdamW, the peer's without. */
export async function measure({ progress, report }) {
  const operations = await startOurs();
  const batch = letters();
  const ours = ourGpt(operations, batch);
  const peer = await jaxGpt(ours.weights(), batch, config);
  progress('checking');
  check(ours.gradients(), await peer.result());
  await ours.steps(2 * OUR_STEPS);
  progress('measuring');
  const sides = [{ take: () => ours.steps(OUR_STEPS) }, { take: () => peerSteps(peer) }];
  const { medians, note } = await takeRounds(sides);
  const { numHiddenLayers, hiddenSize, batchSize, length } = config;
  await report({
    name: `nanogpt-step L${numHiddenLayers} D${hiddenSize} B${batchSize} T${length}`,
    ...toMeasured(medians, [{ peerName: jaxName }]),
    unit: 'ms',
    engine: operations.engine,
    note: [
      'ours also clips by the global norm and updates by AdamW, the peer is forward and backward only',
      note,
    ],
  });
}

async function peerSteps(peer) {
  const times = [];
  for (let step = 0; step < PEER_STEPS; step++) {
    const start = performance.now();
    await peer.run();
    times.push(performance.now() - start);
  }
  return times;
}

/** Ids, and the one that follows each. */
function letters() {
  const { vocabSize, batchSize, length } = config;
  const text = Int32Array.from(
    { length: batchSize * length + 1 },
    (_, i) => (i * 7919 + (i >> 3)) % vocabSize,
  );
  return { ids: text.slice(0, -1), targets: text.slice(1) };
}

function ourGpt({ tf, Decoder, CausalLanguageModeling, train }, { ids, targets }) {
  const { batchSize, length, ...shape } = config;
  const decoder = new Decoder(
    { type: 'gpt2', ...shape, maxPositionEmbeddings: length, dropout: 0 },
    42,
  );
  const task = new CausalLanguageModeling(decoder);
  const collate = () => {
    const [inputIds, following] = [ids, targets].map((values) =>
      tf.tensor2d(values, [batchSize, length], 'int32'),
    );
    const batch = { inputIds, targets: following };
    return { batch, examples: batchSize, tokens: batchSize * length };
  };
  const data = { batches: () => [Array.from({ length: batchSize }, (_, i) => i)], collate };
  return {
    weights: () => valuesOf(decoder.variables),
    gradients: () => gradients(tf, task, collate().batch),
    async steps(count) {
      const times = [];
      let last;
      await train(task, data, {
        ...{ ...training, batchSize, maxSteps: count + 1 },
        onProgress: () => {
          const now = performance.now();
          if (last !== undefined) times.push(now - last);
          last = now;
        },
      });
      return times;
    },
  };
}

function gradients(tf, task, batch) {
  const variables = [...task.variables.values()];
  const { value, grads } = tf.variableGrads(() => task.loss(batch, {}).loss, variables);
  return {
    loss: value.dataSync()[0],
    gradients: valuesOf(task.variables, ({ name }) => grads[name]),
  };
}

function check(ours, peers) {
  checkAgreement('nanogpt-step: the losses', [ours.loss], [peers.loss]);
  for (const [name, { data }] of Object.entries(ours.gradients)) {
    checkAgreement(`nanogpt-step: the gradients of ${name}`, data, peers.gradients[name]);
  }
}
