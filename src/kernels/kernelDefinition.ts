import * as tf from '@tensorflow/tfjs-core';
import type { AnyformerBackend } from '../engine/backend.ts';

/** The tfjs backend that the engine registers, and our kernels with it. */
export const BACKEND = 'wasm';

/** What a kernel receives: its input tensors and attributes, and where they live. */
export interface KernelCall<Inputs, Attributes> {
  readonly inputs: Inputs;
  readonly attrs: Attributes;
  readonly backend: AnyformerBackend;
}

/** A kernel as we write it. `stock` is the function of tfjs that it replaces. */
export type Compute<Inputs, Attributes> = (
  call: KernelCall<Inputs, Attributes>,
) => tf.TensorInfo | tf.TensorInfo[];

/** One row of the registry: a kernel of the 'wasm' backend and its gradient. */
export interface KernelDefinition {
  readonly kernelName: string;
  /** Makes the kernel; an override is given the kernel of tfjs, for what it does not serve. */
  readonly makeKernel: (stock: tf.KernelFunc | undefined) => tf.KernelFunc;
  /** Left out where tfjs has the gradient, and for kernels that are gradients themselves. */
  readonly gradient?: tf.GradConfig;
}

/** The row of a kernel that tfjs does not have. */
export function newKernel<Inputs, Attributes>(
  kernelName: string,
  compute: Compute<Inputs, Attributes>,
  gradient?: Omit<tf.GradConfig, 'kernelName'>,
): KernelDefinition {
  const kernel = compute as unknown as tf.KernelFunc;
  const row = { kernelName, makeKernel: () => kernel };
  return gradient ? { ...row, gradient: { kernelName, ...gradient } } : row;
}

/** The row of a kernel that replaces the one of tfjs, and calls it for what it does not serve. */
export function overrideKernel<Inputs, Attributes>(
  kernelName: string,
  makeCompute: (stock: Compute<Inputs, Attributes>) => Compute<Inputs, Attributes>,
): KernelDefinition {
  return {
    kernelName,
    makeKernel: (stock) =>
      makeCompute(stock as unknown as Compute<Inputs, Attributes>) as unknown as tf.KernelFunc,
  };
}

/** Whether the backend in use has this kernel and the tensors are what our kernels take. */
export function canRun(kernelName: string, ...floats: (tf.Tensor | undefined)[]): boolean {
  // Typed as never undefined, but it is for a kernel that the backend does not have.
  const kernel: tf.KernelConfig | undefined = tf.getKernel(kernelName, tf.getBackend());
  return kernel !== undefined && floats.every((x) => x === undefined || x.dtype === 'float32');
}

/** Runs a kernel on the tape. */
export function runKernel<Result extends tf.Tensor | tf.Tensor[]>(
  kernelName: string,
  // An array serves kernels with inputs that may be absent: tfjs then saves all that are there.
  inputs: Readonly<Record<string, tf.Tensor>> | readonly tf.Tensor[],
  attributes: tf.NamedAttrMap = {},
): Result {
  return tf.engine().runKernel(kernelName, inputs as tf.NamedTensorMap, attributes) as Result;
}

/** Whether operations are being recorded for a gradient now. */
export function isRecording(): boolean {
  const { gradientDepth, kernelDepth } = tf.engine().state;
  return gradientDepth > 0 && kernelDepth === 0;
}

/** Runs the kernel of tfjs for another operation, from within one of ours. */
export function runStockKernel(
  kernelName: string,
  inputs: tf.NamedTensorInfoMap,
  backend: AnyformerBackend,
  attrs: tf.NamedAttrMap = {},
): tf.TensorInfo {
  return tf.getKernel(kernelName, BACKEND).kernelFunc({ inputs, backend, attrs }) as tf.TensorInfo;
}
