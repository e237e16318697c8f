import { measureOperation } from '../support/operation.mjs';
import { patchNote } from '../support/tfjs.mjs';

const [vocabulary, width, rows] = [20_000, 256, 4096];
const ids = Int32Array.from({ length: rows }, (_, i) => (i * 7919) % vocabulary);

/** y[n] = table[ids[n]] and the gradient of the table. */
export function measure(context) {
  let ourIds;
  let peerIds;
  return measureOperation(context, {
    name: `embedding gather+gradient ${rows} of ${vocabulary}x${width}`,
    inputs: (tf) => [tf.randomNormal([vocabulary, width], 0, 1, 'float32', 1)],
    ours: ({ tf, embedding }, table) => {
      ourIds ??= tf.keep(tf.tensor1d(ids, 'int32'));
      return embedding(ourIds, table);
    },
    peer: (tf, table) => {
      peerIds ??= tf.keep(tf.tensor1d(ids, 'int32'));
      return tf.gather(table, peerIds);
    },
    // The rows read and written; their gradients read and added to the table's, which begins as zeros.
    bytes: 4 * width * (5 * rows + vocabulary),
    note: patchNote,
  });
}
