import * as tf from '@tensorflow/tfjs-core';

// Stands in for the kernels of the same names.

export function sumOfSquares(tensor: tf.Tensor): number {
  return tf.tidy(() => tf.sum(tf.square(tensor)).dataSync()[0]!);
}

export interface AdamWUpdate {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly step: number;
  readonly gradientScale: number;
}

export function adamWUpdate(
  variable: tf.Variable,
  gradient: tf.Tensor,
  m: tf.Variable,
  v: tf.Variable,
  o: AdamWUpdate,
): void {
  tf.tidy(() => {
    const g = tf.mul(gradient, o.gradientScale);
    m.assign(tf.add(tf.mul(m, o.beta1), tf.mul(g, 1 - o.beta1)));
    v.assign(tf.add(tf.mul(v, o.beta2), tf.mul(tf.square(g), 1 - o.beta2)));
    const denominator = tf.add(tf.div(tf.sqrt(v), Math.sqrt(1 - o.beta2 ** o.step)), o.epsilon);
    const rate = o.learningRate / (1 - o.beta1 ** o.step);
    const kept = tf.mul(variable, 1 - o.learningRate * o.weightDecay);
    variable.assign(tf.sub(kept, tf.mul(tf.div(m, denominator), rate)));
  });
}

export interface SgdUpdate {
  readonly learningRate: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  readonly gradientScale: number;
}

export function sgdUpdate(
  variable: tf.Variable,
  gradient: tf.Tensor,
  buffer: tf.Variable | undefined,
  o: SgdUpdate,
): void {
  tf.tidy(() => {
    let g: tf.Tensor = tf.add(tf.mul(gradient, o.gradientScale), tf.mul(variable, o.weightDecay));
    if (buffer) {
      buffer.assign(tf.add(tf.mul(buffer, o.momentum), g));
      g = o.nesterov ? tf.add(g, tf.mul(buffer, o.momentum)) : buffer;
    }
    variable.assign(tf.sub(variable, tf.mul(g, o.learningRate)));
  });
}
