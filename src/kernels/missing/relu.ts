import * as tf from '@tensorflow/tfjs-core';
import { activations } from '../activationName.ts';
import { type Compute, type KernelDefinition, overrideKernel } from '../kernelDefinition.ts';
import { runRange } from '../run.ts';

type Relu = Compute<{ x: tf.TensorInfo }, object>;

/** tfjs's Relu and Relu6; its own make 0 of NaN, Relu of those with a sign, as Infinity - Infinity is. */
function relu(kernelName: string, name: 'relu' | 'relu6'): KernelDefinition {
  return overrideKernel(
    kernelName,
    (stock: Relu): Relu =>
      (call) => {
        const { inputs, backend } = call;
        const { x } = inputs;
        if (x.dtype !== 'float32') return stock(call);
        const y = backend.output(x.shape, 'float32');
        const parameters = [activations[name].code, backend.pointer(x), backend.pointer(y)];
        runRange(backend, 'f32_activation', parameters, tf.util.sizeFromShape(x.shape));
        return y;
      },
  );
}

export const reluKernels = [relu(tf.Relu, 'relu'), relu(tf.Relu6, 'relu6')];
