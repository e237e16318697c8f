import { measureOperation } from '../support/operation.mjs';

const [rows, classes] = [2048, 1000];
const labels = Int32Array.from({ length: rows }, (_, i) => (i * 7919) % classes);

/** -log softmax(logits)[label], row by row, forward and backward. */
export function measure(context) {
  let ourLabels;
  let peerLabels;
  return measureOperation(context, {
    name: `cross-entropy fwd+bwd ${rows}x${classes}`,
    inputs: (tf) => [tf.randomNormal([rows, classes], 0, 1, 'float32', 1)],
    ours: ({ tf, softmaxCrossEntropy }, logits) => {
      ourLabels ??= tf.keep(tf.tensor1d(labels, 'int32'));
      return softmaxCrossEntropy(logits, ourLabels);
    },
    peer: (tf, logits) => {
      peerLabels ??= tf.keep(tf.oneHot(tf.tensor1d(labels, 'int32'), classes));
      return tf.losses.softmaxCrossEntropy(
        peerLabels,
        logits,
        undefined,
        undefined,
        tf.Reduction.NONE,
      );
    },
    // The logits, twice, and their gradients.
    bytes: 3 * 4 * rows * classes,
    note: "the peer's labels are one-hot already",
  });
}
