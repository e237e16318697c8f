import { measureOperation } from '../support/operation.mjs';

const SIZE = 2 ** 20;

/** y = x (1 + erf(x / sqrt(2))) / 2, forward and backward. */
export function measure(context) {
  return measureOperation(context, {
    name: 'gelu fwd+bwd 1M',
    inputs: (tf) => [tf.randomNormal([SIZE], 0, 1, 'float32', 1)],
    ours: ({ activation }, x) => activation(x, 'gelu'),
    peer: (tf, x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)),
  });
}
