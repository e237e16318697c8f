import { alternate } from '../support/measure.mjs';
import { startOurs } from '../support/ours.mjs';
import { peerName, startPeer } from '../support/peer.mjs';

const shape = [20_000, 256];
const learningRate = 1e-3;

/** One update of 5.1 million parameters. */
export async function measure({ progress, report }) {
  const { tf, engine, adamWUpdate } = await startOurs();
  const peerTf = await startPeer();
  progress('measuring');

  const variableOf = (initial) => {
    const variable = tf.variable(initial);
    initial.dispose();
    return variable;
  };
  const [variable, m, v] = [tf.ones(shape), tf.zeros(shape), tf.zeros(shape)].map(variableOf);
  const gradient = tf.randomNormal(shape, 0, 1, 'float32', 1);
  let step = 0;
  const ours = () => {
    step++;
    adamWUpdate(variable, gradient, m, v, { learningRate, weightDecay: 0.01, step });
  };

  const weights = peerTf.variable(peerTf.ones(shape), true);
  const peerGradient = peerTf.tensor(gradient.dataSync(), shape);
  const optimizer = peerTf.train.adam(learningRate);
  const peer = () => optimizer.applyGradients({ [weights.name]: peerGradient });

  await report({
    name: 'adamw 5.1M parameters',
    ...alternate(ours, peer),
    peerName,
    unit: 'ms',
    engine,
    note: 'the peer is Adam: tfjs has no decoupled weight decay',
  });
}
