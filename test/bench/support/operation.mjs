import { checkAgreement } from './agreement.mjs';
import { alternate } from './alternate.mjs';
import { bandwidthNote } from './bandwidth.mjs';
import { startOurs } from './ours.mjs';
import { startTfjs, tfjsName } from './tfjs.mjs';

/**
 * Measures one operation forward and backward against tfjs, as tensors in and gradients out.
 *
 * @param context what runRow.mjs gives a row.
 * @param row.name of the row.
 * @param row.inputs function of tfjs: the tensors that gradients are taken of. Both sides get the
 *   same values.
 * @param row.ours,row.peer functions of (operations, …inputs) that give the operation's result; the
 *   peer's operations are those of its tfjs.
 * @param row.flops of a call, where the share of the peak tells something.
 * @param row.bytes that a call has to read or write at the least, where that is what it waits for.
 * @param row.note for the reader.
 */
export async function measureOperation(context, { name, inputs, ours, peer, flops, bytes, note }) {
  const operations = await startOurs();
  const { tf, engine } = operations;
  const peerTf = await startTfjs();
  const ourInputs = inputs(tf);
  const peerInputs = ourInputs.map((x) => peerTf.tensor(x.dataSync(), x.shape, x.dtype));
  const oursCall = gradientCall(tf, ourInputs, (...x) => ours(operations, ...x));
  const peerCall = gradientCall(peerTf, peerInputs, (...x) => peer(peerTf, ...x));
  const peerGradients = peerCall.gradients();
  oursCall.gradients().forEach((gradient, i) => {
    checkAgreement(`${name}: the gradients of input ${i}`, gradient, peerGradients[i]);
  });
  context.progress('measuring');
  const measured = await alternate(oursCall.run, [{ peerName: tfjsName, call: peerCall.run }]);
  await context.report({
    name,
    ...measured,
    unit: 'ms',
    engine,
    ...(flops && { gflops: flops / (measured.ours * 1e6) }),
    note: [bytes && (await bandwidthNote(bytes, measured.ours)), note, measured.note],
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
