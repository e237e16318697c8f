import * as tf from '@tensorflow/tfjs-core';
import type { SafeTensor } from '../formats/safetensors.ts';
import { float32Tensor, toFloat32 } from '../formats/tensorData.ts';

/** A deep copy of a float tensor, outside of the WebAssembly heap. */
export function copyOut(tensor: tf.Tensor): SafeTensor {
  // The cpu backend hands out its own array: without the copy, later updates would show in it.
  return float32Tensor(Float32Array.from(tensor.dataSync()), tensor.shape);
}

/** Deep copies of variables by name. Tensors of their own would not do: clones share memory. */
export function copyVariables(
  variables: ReadonlyMap<string, tf.Variable>,
): Map<string, SafeTensor> {
  return new Map([...variables].map(([name, variable]) => [name, copyOut(variable)]));
}

/** Gives a variable the values of a copy, which stays untouched. */
export function copyInto(variable: tf.Variable, tensor: SafeTensor): void {
  const values = toFloat32(tensor).slice();
  tf.tidy(() => variable.assign(tf.tensor(values, variable.shape, 'float32')));
}
