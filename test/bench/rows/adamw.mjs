import { checkAgreement } from '../support/agreement.mjs';
import { alternate } from '../support/alternate.mjs';
import { bandwidthNote } from '../support/bandwidth.mjs';
import { startOurs } from '../support/ours.mjs';
import { startTfjs, tfjsName } from '../support/tfjs.mjs';

const shape = [20_000, 256];
const learningRate = 1e-3;
const weightDecay = 0.01;

/** One update of 5.1 million parameters. */
export async function measure({ progress, report }) {
  const { tf, engine, adamWUpdate } = await startOurs();
  const tfjs = await startTfjs();
  const gradient = tf.randomNormal(shape, 0, 1, 'float32', 1);
  const ours = oursUpdate(tf, adamWUpdate, gradient);
  const peer = tfjsUpdate(tfjs, gradient);
  for (let step = 0; step < 3; step++) {
    ours.run({ weightDecay: 0 });
    peer.run();
  }
  checkAgreement('adamw: the weights after 3 updates', ours.weights(), peer.weights());
  progress('measuring');
  const measured = await alternate(
    () => ours.run({ weightDecay }),
    [{ peerName: tfjsName, call: peer.run }],
  );
  // Weights, both moments and the gradient read, all but the gradient written.
  const bytes = 7 * 4 * gradient.size;
  await report({
    name: 'adamw 5.1M parameters',
    ...measured,
    unit: 'ms',
    engine,
    note: [
      await bandwidthNote(bytes, measured.ours),
      'the peer is Adam: tfjs has no decoupled weight decay',
      measured.note,
    ],
  });
}

function oursUpdate(tf, adamWUpdate, gradient) {
  const variableOf = (initial) => {
    const variable = tf.variable(initial);
    initial.dispose();
    return variable;
  };
  const [variable, m, v] = [tf.ones(shape), tf.zeros(shape), tf.zeros(shape)].map(variableOf);
  let step = 0;
  return {
    run: (options) => {
      step++;
      adamWUpdate(variable, gradient, m, v, { learningRate, step, ...options });
    },
    weights: () => variable.dataSync(),
  };
}

function tfjsUpdate(tf, ourGradient) {
  const variable = tf.variable(tf.ones(shape), true);
  const gradient = tf.tensor(ourGradient.dataSync(), shape);
  const optimizer = tf.train.adam(learningRate);
  return {
    run: () => optimizer.applyGradients({ [variable.name]: gradient }),
    weights: () => variable.dataSync(),
  };
}
