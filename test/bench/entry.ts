/** What the rows measure that the package does not export: our kernels and models, and their tfjs. */
import '../../src/kernels/wholeTfjs.ts';

export * as tf from '@tensorflow/tfjs-core';
export { activation } from '../../src/kernels/activation.ts';
export { adamWUpdate } from '../../src/kernels/adamUpdate.ts';
export { createEngine } from '../../src/kernels/createEngine.ts';
export { embedding } from '../../src/kernels/embedding.ts';
export { multiply, multiplyBatch } from '../../src/kernels/gemm.ts';
export { layerNorm } from '../../src/kernels/layerNorm.ts';
export { scaledDotProductAttention } from '../../src/kernels/scaledDotProductAttention.ts';
export { softmaxCrossEntropy } from '../../src/kernels/softmaxCrossEntropy.ts';
export { Decoder } from '../../src/models/decoder.ts';
export { EncoderDecoder } from '../../src/models/encoderDecoder.ts';
export { CausalLanguageModeling } from '../../src/tasks/causalLanguageModeling.ts';
export { train } from '../../src/train/trainer.ts';
