import * as tf from '@tensorflow/tfjs-core';
import type { ActivationName } from './activationName.ts';

/** sqrt(2 / pi) and the cubic term of the tanh form of GELU. */
const GELU_SCALE = Math.sqrt(2 / Math.PI);
const GELU_CUBE = 0.044715;

const composed: Readonly<Record<ActivationName, (x: tf.Tensor) => tf.Tensor>> = {
  linear: (x) => tf.clone(x),
  relu: (x) => tf.relu(x),
  gelu: (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)),
  gelu_new: (x) => {
    const cubic = tf.add(x, tf.mul(tf.mul(tf.square(x), x), GELU_CUBE));
    return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(tf.mul(cubic, GELU_SCALE)), 1));
  },
  tanh: (x) => tf.tanh(x),
  sigmoid: (x) => tf.sigmoid(x),
  silu: (x) => tf.mul(x, tf.sigmoid(x)),
  relu6: (x) => tf.relu6(x),
  elu: (x) => tf.elu(x),
};

/** An activation from operations of tfjs: for backends without our kernels, and to check them. */
export function composedActivation<T extends tf.Tensor>(x: T, name: ActivationName): T {
  return tf.tidy(() => composed[name](x) as T);
}
