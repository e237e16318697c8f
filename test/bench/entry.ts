/** What the rows of single operations measure: our kernels and the tfjs they are registered with. */
export * as tf from '@tensorflow/tfjs-core';
export { activation } from '../../src/kernels/activation.ts';
export { adamWUpdate } from '../../src/kernels/adamUpdate.ts';
export { createEngine } from '../../src/kernels/createEngine.ts';
export { embedding } from '../../src/kernels/embedding.ts';
export { multiply, multiplyBatch } from '../../src/kernels/gemm.ts';
export { layerNorm } from '../../src/kernels/layerNorm.ts';
export { scaledDotProductAttention } from '../../src/kernels/scaledDotProductAttention.ts';
export { softmaxCrossEntropy } from '../../src/kernels/softmaxCrossEntropy.ts';
