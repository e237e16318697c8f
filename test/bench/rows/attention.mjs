import { measureOperation } from '../support/operation.mjs';

const [B, T, H, d] = [32, 128, 8, 32];

/** softmax(query keyᵀ / sqrt(d)) value of all heads, forward and backward. */
export function measure(context) {
  return measureOperation(context, {
    name: `attention fwd+bwd B${B} T${T} H${H} d${d}`,
    inputs: (tf) => [1, 2, 3].map((seed) => tf.randomNormal([B, T, H * d], 0, 1, 'float32', seed)),
    ours: ({ scaledDotProductAttention }, query, key, value) =>
      scaledDotProductAttention(query, key, value, { numHeads: H }),
    peer: (tf, query, key, value) => {
      const split = (x) => tf.transpose(tf.reshape(x, [B, T, H, d]), [0, 2, 1, 3]); // (B, H, T, d)
      const scaled = tf.mul(split(query), 1 / Math.sqrt(d));
      const probabilities = tf.softmax(tf.matMul(scaled, split(key), false, true)); // (B, H, T, T)
      const output = tf.matMul(probabilities, split(value)); // (B, H, T, d)
      return tf.reshape(tf.transpose(output, [0, 2, 1, 3]), [B, T, H * d]);
    },
    // Two products forward; backward the scores once more and four.
    flops: 7 * 2 * B * H * T * T * d,
  });
}
