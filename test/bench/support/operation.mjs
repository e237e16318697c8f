import { alternate } from './measure.mjs';
import { startOurs } from './ours.mjs';
import { peerName, startPeer } from './peer.mjs';

/**
 * Measures one operation forward and backward, as tensors in and gradients out.
 *
 * @param context what runRow.mjs gives a row.
 * @param row.name of the row.
 * @param row.inputs function of tfjs: the tensors that gradients are taken of. Both sides get the
 *   same values.
 * @param row.ours,row.peer functions of (operations, …inputs) that give the operation's result; the
 *   peer's operations are those of its tfjs.
 * @param row.flops of a call, where the share of the peak tells something.
 * @param row.note for the reader.
 */
export async function measureOperation(context, { name, inputs, ours, peer, flops, note }) {
  const operations = await startOurs();
  const { tf, engine } = operations;
  const peerTf = await startPeer();
  const ourInputs = inputs(tf);
  const peerInputs = ourInputs.map((x) => peerTf.tensor(x.dataSync(), x.shape, x.dtype));
  const oursCall = gradientCall(tf, ourInputs, (...x) => ours(operations, ...x));
  const peerCall = gradientCall(peerTf, peerInputs, (...x) => peer(peerTf, ...x));
  checkAgreement(name, oursCall.gradients(), peerCall.gradients());
  context.progress('measuring');
  const milliseconds = alternate(oursCall.run, peerCall.run);
  const peak = flops && (await context.measurePeak({ relaxed: engine.info().relaxedSimd.enabled }));
  await context.report({
    name,
    ...milliseconds,
    peerName,
    unit: 'ms',
    engine,
    ...(flops && { gflops: flops / (milliseconds.ours * 1e6), peak }),
    note,
  });
}

/** The result and all gradients of a function, for a gradient of the result that is all 0.5. */
function gradientCall(tf, inputs, compute) {
  const shape = tf.tidy(() => compute(...inputs).shape);
  const dy = tf.fill(shape, 0.5);
  const gradients = tf.grads(compute);
  return {
    run: () => tf.dispose(gradients(inputs, dy)),
    gradients: () =>
      gradients(inputs, dy).map((gradient) => {
        const values = gradient.dataSync();
        gradient.dispose();
        return values;
      }),
  };
}

const TOLERANCE = 1e-3;

/** Two sides that do not compute the same have no business in one row. */
function checkAgreement(name, ours, peers) {
  ours.forEach((gradient, i) => {
    const scale = peers[i].reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    const bad = gradient.findIndex(
      (value, j) => !(Math.abs(value - peers[i][j]) <= TOLERANCE * Math.max(scale, 1e-3)),
    );
    if (bad < 0) return;
    throw new Error(
      `${name}: the gradients of input ${i} differ at ${bad}: ours ${gradient[bad]}, the peer's ${peers[i][bad]}.`,
    );
  });
}
