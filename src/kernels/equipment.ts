import * as tf from '@tensorflow/tfjs-core';
import { AnyformerBackend } from '../engine/backend.ts';
import { BACKEND, type KernelDefinition } from './kernelDefinition.ts';
import * as modelGradients from './modelGradients.ts';
import * as modelKernels from './modelKernels.ts';
import { modelRegistry } from './modelRegistry.ts';

const equipment: KernelDefinition[] = [...modelRegistry];

/** Registers the kernels of tfjs that are needed. Before the backend starts, which sets them up. */
export function registerTfjsKernels(): void {
  for (const kernel of Object.values(modelKernels)) {
    if (isNew(tf.getKernel(kernel.kernelName, BACKEND))) tf.registerKernel(kernel);
  }
  for (const gradient of Object.values(modelGradients)) {
    if (isNew(tf.getGradient(gradient.kernelName))) tf.registerGradient(gradient);
  }
}

// Typed as never undefined, but it is for what is not registered.
const isNew = (registered: unknown) => registered === undefined;

/**
 * Registers our kernels and gradients with tfjs. After the backend has started: a replaced kernel
 * of tfjs has been set up by then and serves as the fallback.
 */
export function registerOurKernels(): void {
  for (const { kernelName, makeKernel, gradient } of equipment) {
    const stock: tf.KernelConfig | undefined = tf.getKernel(kernelName, BACKEND);
    if (stock !== undefined) tf.unregisterKernel(kernelName, BACKEND);
    const kernelFunc = makeKernel(stock?.kernelFunc);
    tf.registerKernel({ ...stock, kernelName, backendName: BACKEND, kernelFunc });
    if (gradient !== undefined) tf.registerGradient(gradient);
  }
}

/** Adds kernels to those that every engine has; one that runs already gets them at once. */
export function addKernels(more: readonly KernelDefinition[]): void {
  equipment.push(...more);
  const backend = tf.findBackend(BACKEND);
  if (!(backend instanceof AnyformerBackend)) return;
  for (const { setupFunc } of tf.getKernelsForBackend(BACKEND)) setupFunc?.(backend);
  registerOurKernels();
}
