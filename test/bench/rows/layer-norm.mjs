import { measureOperation } from '../support/operation.mjs';

const [rows, columns] = [4096, 256];
const EPSILON = 1e-5;

/** y = (x - mean) / sqrt(variance + epsilon) gamma + beta, forward and backward. */
export function measure(context) {
  return measureOperation(context, {
    name: `layer-norm fwd+bwd ${rows}x${columns}`,
    inputs: (tf) => [
      tf.randomNormal([rows, columns], 0, 1, 'float32', 1),
      tf.randomNormal([columns], 1, 0.1, 'float32', 2),
      tf.randomNormal([columns], 0, 0.1, 'float32', 3),
    ],
    ours: ({ layerNorm }, x, gamma, beta) => layerNorm(x, gamma, beta, EPSILON),
    peer: (tf, x, gamma, beta) => {
      const { mean, variance } = tf.moments(x, -1, true);
      const normalized = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, EPSILON)));
      return tf.add(tf.mul(normalized, gamma), beta);
    },
    // x and y; then x, dy and dx.
    bytes: 5 * 4 * rows * columns,
  });
}
