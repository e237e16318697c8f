import * as tf from '@tensorflow/tfjs-core';
import { activationGradient } from './activation.ts';
import { type ActivationName, activations } from './activationName.ts';
import { composedActivation } from './composedActivation.ts';
import { type Compute, canRun, isRecording, newKernel, runKernel } from './kernelDefinition.ts';
import { runLinear } from './runLinear.ts';
import { requireRank, requireShape, rowsOf } from './shapes.ts';

const LINEAR = 'Linear';
/** The same kernel while recording, with an activation whose slope is told from the output. */
const LINEAR_KEEPING_OUTPUT = 'LinearKeepingOutput';
/** … and with one whose slope needs what went into it, which becomes a second output. */
const LINEAR_KEEPING_INPUT = 'LinearKeepingInput';

/**
 * A dense layer in one pass: y = activation(x kernel + bias).
 *
 * @param x (..., in)
 * @param kernel (in, out)
 * @param bias (out)
 * @param activation see {@link ActivationName}. Default: `linear`.
 * @returns (..., out)
 * @throws AnyformerError `INVALID_ARGUMENT` when kernel or bias do not fit.
 *
 * @example
 * linear(tf.ones([2, 8, 16]), tf.ones([16, 4]), tf.zeros([4]), 'gelu'); // (2, 8, 4)
 *
 * Source: `torch.nn.functional.linear`, with the kernel laid out as Keras has it.
 */
export function linear(
  x: tf.Tensor,
  kernel: tf.Tensor2D,
  bias?: tf.Tensor1D,
  activation: ActivationName = 'linear',
): tf.Tensor {
  requireRank('linear', 'x', x, 1);
  requireShape('linear', 'kernel', kernel, [rowsOf(x).columns, -1]);
  if (bias) requireShape('linear', 'bias', bias, [kernel.shape[1]]);
  if (!canRun(LINEAR, x, kernel, bias)) return linearComposed(x, kernel, bias, activation);
  const inputs = bias ? { x, kernel, bias } : { x, kernel };
  const { code, slopeFromOutput } = activations[activation];
  if (activation === 'linear' || !isRecording()) {
    return runKernel<tf.Tensor>(LINEAR, inputs, { code });
  }
  if (slopeFromOutput) return runKernel<tf.Tensor>(LINEAR_KEEPING_OUTPUT, inputs, { code });
  const [y, preActivation] = runKernel<tf.Tensor[]>(LINEAR_KEEPING_INPUT, inputs, { code });
  preActivation!.dispose();
  return y!;
}

/** The same from operations of tfjs: for backends without our kernel, and to check it against. */
export function linearComposed(
  x: tf.Tensor,
  kernel: tf.Tensor2D,
  bias: tf.Tensor1D | undefined,
  activation: ActivationName,
): tf.Tensor {
  return tf.tidy(() => {
    const { rows, columns } = rowsOf(x);
    const flat = tf.reshape(x, [rows, columns]);
    const product = tf.matMul(flat, kernel); // (rows, out)
    const sum = bias ? tf.add(product, bias) : product;
    return tf.reshape(composedActivation(sum, activation), [
      ...x.shape.slice(0, -1),
      kernel.shape[1],
    ]);
  });
}

type Forward = Compute<
  { x: tf.TensorInfo; kernel: tf.TensorInfo; bias?: tf.TensorInfo },
  { code: number }
>;

function makeForward(keepsInput: boolean): Forward {
  return ({ inputs, attrs, backend }) => {
    const { x, kernel, bias } = inputs;
    const { rows } = rowsOf(x);
    const shape = [...x.shape.slice(0, -1), kernel.shape[1]!];
    const y = backend.output(shape, 'float32');
    const kept = keepsInput ? backend.output(shape, 'float32') : undefined;
    runLinear(
      backend,
      rows,
      { kernel, bias, activation: attrs.code },
      {
        x: backend.pointer(x),
        y: backend.pointer(y),
        preActivation: kept ? backend.pointer(kept) : 0,
      },
    );
    return kept ? [y, kept] : y;
  };
}

/** dx = dz kernelᵀ, dkernel = xᵀ dz, dbias = column sums of dz, each only where it is asked for. */
function gradients(x: tf.Tensor, kernel: tf.Tensor2D, dz: tf.Tensor) {
  const { rows, columns } = rowsOf(x);
  const flat = () => tf.reshape(dz, [rows, kernel.shape[1]]) as tf.Tensor2D;
  return {
    x: () => tf.reshape(tf.matMul(flat(), kernel, false, true), x.shape),
    kernel: () => tf.matMul(tf.reshape(x, [rows, columns]), flat(), true, false),
    bias: () => tf.sum(flat(), 0),
  };
}

/** `slope` is the tensor that tells the activation's slope; dz is shared by the three gradients. */
const throughActivation: tf.GradFunc = (dy, saved, attrs) => {
  const [x, kernel, slope] = saved as [tf.Tensor, tf.Tensor2D, tf.Tensor];
  const dys = Array.isArray(dy) ? dy[0]! : dy;
  return gradients(x, kernel, activationGradient(slope, dys, attrs.code as number));
};

const inputsToSave = ['x', 'kernel'];

export const linearKernels = [
  newKernel(LINEAR, makeForward(false), {
    inputsToSave,
    gradFunc: (dy, [x, kernel]) => gradients(x!, kernel as tf.Tensor2D, dy as tf.Tensor),
  }),
  newKernel(LINEAR_KEEPING_OUTPUT, makeForward(false), {
    inputsToSave,
    outputsToSave: [true],
    gradFunc: throughActivation,
  }),
  newKernel(LINEAR_KEEPING_INPUT, makeForward(true), {
    inputsToSave,
    outputsToSave: [false, true],
    gradFunc: throughActivation,
  }),
];
