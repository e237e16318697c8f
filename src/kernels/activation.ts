import * as tf from '@tensorflow/tfjs-core';
import { type ActivationName, activations } from './activationName.ts';
import { composedActivation } from './composedActivation.ts';
import { type Compute, canRun, newKernel, runKernel } from './kernelDefinition.ts';
import { runRange } from './run.ts';

const ACTIVATION = 'Activation';
/** The same kernel, for activations whose slope is told from the output: the input is not kept. */
const ACTIVATION_OF_OUTPUT = 'ActivationOfOutput';
const ACTIVATION_GRAD = 'ActivationGrad';

/**
 * An activation, element by element: relu, gelu (exact), gelu_new (by tanh), silu = x sigmoid(x), …
 *
 * @param x any shape
 * @param name see {@link ActivationName}; names of Hugging Face's configs go through
 * `activationNamed` first.
 * @returns the shape of x
 *
 * @example
 * activation(tf.tensor1d([-1, 0, 1]), 'gelu');
 *
 * Source: Hendrycks and Gimpel, "Gaussian Error Linear Units" (2016); as `ACT2FN` of transformers.
 */
export function activation<T extends tf.Tensor>(x: T, name: ActivationName): T {
  const { code, slopeFromOutput } = activations[name];
  const kernel = slopeFromOutput ? ACTIVATION_OF_OUTPUT : ACTIVATION;
  if (name === 'linear') return tf.clone(x);
  if (!canRun(kernel, x)) return composedActivation(x, name);
  return runKernel<T>(kernel, { x }, { code });
}

/** dx = dy activation'(x). With `slopeFromOutput`, y may stand for x. */
export function activationGradient(x: tf.Tensor, dy: tf.Tensor, code: number): tf.Tensor {
  return runKernel<tf.Tensor>(ACTIVATION_GRAD, { x, dy }, { code });
}

const forward: Compute<{ x: tf.TensorInfo }, { code: number }> = ({ inputs, attrs, backend }) => {
  const { x } = inputs;
  const y = backend.output(x.shape, 'float32');
  const size = tf.util.sizeFromShape(x.shape);
  runRange(backend, 'f32_activation', [attrs.code, backend.pointer(x), backend.pointer(y)], size);
  return y;
};

const backward: Compute<{ x: tf.TensorInfo; dy: tf.TensorInfo }, { code: number }> = ({
  inputs,
  attrs,
  backend,
}) => {
  const { x, dy } = inputs;
  const dx = backend.output(x.shape, 'float32');
  const pointers = [x, dy, dx].map((tensor) => backend.pointer(tensor));
  const size = tf.util.sizeFromShape(x.shape);
  runRange(backend, 'f32_activationGrad', [attrs.code, ...pointers], size);
  return dx;
};

const gradFunc: tf.GradFunc = (dy, [kept], attrs) => ({
  x: () => activationGradient(kept!, dy as tf.Tensor, attrs.code as number),
});

export const activationKernels = [
  newKernel(ACTIVATION, forward, { inputsToSave: ['x'], gradFunc }),
  newKernel(ACTIVATION_OF_OUTPUT, forward, { outputsToSave: [true], gradFunc }),
  newKernel(ACTIVATION_GRAD, backward),
];
