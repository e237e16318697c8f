// Everything the module exports. A kernel file may export more for other kernels; only what is named
// here becomes a WebAssembly export.

export { initialize, tableBytes } from './lib/constants';
export { f32_activation, f32_activationGrad } from './f32_activation';
export { f32_columnSums, f32_columnSumsPartialBytes, f32_sumPartials } from './f32_columnSums';
export {
  f32_add,
  f32_addBias,
  f32_addScaled,
  f32_fill,
  f32_firstNonFinite,
  f32_scale,
} from './f32_elementwise';
export { f32_layerNorm, f32_layerNormGrad, f32_layerNormGradPartialBytes } from './f32_layerNorm';
export { f32_rmsNorm, f32_rmsNormGrad, f32_rmsNormGradPartialBytes } from './f32_rmsNorm';
export { f32_rowSums } from './f32_rowSums';
export { f32_sumOfSquares, f32_sumOfSquaresChunks, f64_sum } from './f32_sumOfSquares';
export { rowsPerChunk } from './lib/rows';
export {
  f32_gemm_batch,
  f32_gemm_batchScratchBytes,
  f32_gemm_rows,
  f32_gemm_scratchBytes,
} from './f32_gemm';
export { f32_gemm_packB, f32_gemm_packedBytes } from './f32_gemm_pack';
export { f32_gemv } from './f32_gemv';
export { f32_gemv_rows } from './f32_gemv_rows';
export { f32_adam, f32_adamW } from './f32_adam';
export { f32_dropout } from './f32_dropout';
export { f32_embedding, f32_unsortedSegmentSum } from './f32_embedding';
export {
  f32_maskedMax,
  f32_maskedMaxGrad,
  f32_maskedMean,
  f32_maskedMeanGrad,
} from './f32_maskedPooling';
export { f32_randomNormal, f32_randomUniform } from './f32_random';
export { f32_rotary } from './f32_rotary';
export { f32_sgd } from './f32_sgd';
export { f32_sigmoidCrossEntropy } from './f32_sigmoidCrossEntropy';
export { f32_logSoftmax, f32_logSoftmaxGrad, f32_softmax, f32_softmaxGrad } from './f32_softmax';
export { f32_softmaxCrossEntropy, f32_softmaxCrossEntropyDense } from './f32_softmaxCrossEntropy';
export { f32_attention, f32_attention_scratchBytes } from './f32_attention';
export { f32_attentionGrad, f32_attentionGrad_scratchBytes } from './f32_attentionGrad';
export { f32_decode } from './f32_decode';
export { f32_decode_phase, f32_decode_scratchBytes } from './f32_decode_phase';
