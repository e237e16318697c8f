import * as tf from '@tensorflow/tfjs-core';
import { activationKernels } from './activation.ts';
import { addKernel } from './add.ts';
import { batchMatMulKernel } from './batchMatMul.ts';
import { dropoutKernel } from './dropout.ts';
import { embeddingKernel } from './embedding.ts';
import { fusedMatMulKernel } from './fusedMatMul.ts';
import { gatherV2Kernel } from './gatherV2.ts';
import { BACKEND, type KernelDefinition } from './kernelDefinition.ts';
import { layerNormKernels } from './layerNorm.ts';
import { linearKernels } from './linear.ts';
import { maskedMaxKernels } from './maskedMax.ts';
import { maskedMeanKernels } from './maskedMean.ts';
import { missingKernels } from './missing/index.ts';
import { rmsNormKernels } from './rmsNorm.ts';
import { rotaryEmbeddingKernels } from './rotaryEmbedding.ts';
import { attentionKernels } from './scaledDotProductAttention.ts';
import { selfAttentionKernels } from './selfAttention.ts';
import { sigmoidCrossEntropyKernels } from './sigmoidCrossEntropy.ts';
import { softmaxCrossEntropyKernels } from './softmaxCrossEntropy.ts';
import { sumKernel } from './sum.ts';
import { unsortedSegmentSumKernel } from './unsortedSegmentSum.ts';

/** Every kernel we add to tfjs's 'wasm' backend or replace in it, one row each. */
export const registry: readonly KernelDefinition[] = [
  // tfjs's own, faster.
  addKernel,
  batchMatMulKernel,
  fusedMatMulKernel,
  gatherV2Kernel,
  sumKernel,
  // tfjs's own, which its WebAssembly backend lacks.
  unsortedSegmentSumKernel,
  ...missingKernels,
  // Ours.
  ...activationKernels,
  ...attentionKernels,
  dropoutKernel,
  embeddingKernel,
  ...layerNormKernels,
  ...linearKernels,
  ...maskedMaxKernels,
  ...maskedMeanKernels,
  ...rmsNormKernels,
  ...rotaryEmbeddingKernels,
  ...selfAttentionKernels,
  ...sigmoidCrossEntropyKernels,
  ...softmaxCrossEntropyKernels,
];

/**
 * Registers our kernels and gradients with tfjs. After the backend has started: a replaced kernel
 * of tfjs has been set up by then and serves as the fallback.
 */
export function registerKernels(): void {
  for (const { kernelName, makeKernel, gradient } of registry) {
    const stock: tf.KernelConfig | undefined = tf.getKernel(kernelName, BACKEND);
    if (stock !== undefined) tf.unregisterKernel(kernelName, BACKEND);
    const kernelFunc = makeKernel(stock?.kernelFunc);
    tf.registerKernel({ ...stock, kernelName, backendName: BACKEND, kernelFunc });
    if (gradient !== undefined) tf.registerGradient(gradient);
  }
}
