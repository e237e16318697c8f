import { activationKernels } from './activation.ts';
import { addKernel } from './add.ts';
import { attentionSublayerKernel } from './attentionSublayer.ts';
import { batchMatMulKernel } from './batchMatMul.ts';
import { dropoutKernel } from './dropout.ts';
import { embeddingKernel } from './embedding.ts';
import { feedForwardSublayerKernel } from './feedForwardSublayer.ts';
import { gatherV2Kernel } from './gatherV2.ts';
import type { KernelDefinition } from './kernelDefinition.ts';
import { layerNormKernels } from './layerNorm.ts';
import { linearKernels } from './linear.ts';
import { maskedMaxKernels } from './maskedMax.ts';
import { maskedMeanKernels } from './maskedMean.ts';
import { castKernel } from './missing/cast.ts';
import { identityKernel } from './missing/identity.ts';
import { preluKernel } from './missing/prelu.ts';
import { reluKernels } from './missing/relu.ts';
import { sliceKernel } from './missing/slice.ts';
import { rmsNormKernels } from './rmsNorm.ts';
import { rotaryEmbeddingKernels } from './rotaryEmbedding.ts';
import { attentionKernels } from './scaledDotProductAttention.ts';
import { selfAttentionKernels } from './selfAttention.ts';
import { sigmoidCrossEntropyKernels } from './sigmoidCrossEntropy.ts';
import { softmaxCrossEntropyKernels } from './softmaxCrossEntropy.ts';
import { sumKernel } from './sum.ts';
import { unsortedSegmentSumKernel } from './unsortedSegmentSum.ts';

/** The kernels that models run on, one row each: those that every engine has. */
export const modelRegistry: readonly KernelDefinition[] = [
  // tfjs's own, faster.
  addKernel,
  batchMatMulKernel,
  gatherV2Kernel,
  sumKernel,
  // tfjs's own, which its WebAssembly backend lacks or gets wrong.
  unsortedSegmentSumKernel,
  castKernel,
  identityKernel,
  preluKernel,
  ...reluKernels,
  sliceKernel,
  // Ours.
  ...activationKernels,
  ...attentionKernels,
  attentionSublayerKernel,
  dropoutKernel,
  embeddingKernel,
  feedForwardSublayerKernel,
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
