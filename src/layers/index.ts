export type { BaseLayerArgs, LayerCallOptions, LinearInitializers } from './baseLayer.ts';
export type {
  AttentionBlockWeights,
  FeedForwardBlockWeights,
  LayerNormWeights,
  LinearWeights,
} from './blockWeights.ts';
export type { ForwardContext } from './forwardContext.ts';
export {
  FusedLayerNormalization,
  type FusedLayerNormalizationArgs,
  fusedLayerNormalization,
} from './fusedLayerNormalization.ts';
export {
  MaskedGlobalAveragePooling1D,
  maskedGlobalAveragePooling1D,
} from './maskedGlobalAveragePooling1D.ts';
export { MaskedGlobalMaxPooling1D, maskedGlobalMaxPooling1D } from './maskedGlobalMaxPooling1D.ts';
export {
  MultiHeadAttention,
  type MultiHeadAttentionArgs,
  type MultiHeadAttentionCallOptions,
  multiHeadAttention,
} from './multiHeadAttention.ts';
export { registerLayers } from './registerLayers.ts';
export {
  RMSNormalization,
  type RMSNormalizationArgs,
  rmsNormalization,
} from './rmsNormalization.ts';
export {
  RotaryEmbedding,
  type RotaryEmbeddingArgs,
  type RotaryEmbeddingCallOptions,
  rotaryEmbedding,
} from './rotaryEmbedding.ts';
export {
  SinePositionEncoding,
  type SinePositionEncodingArgs,
  type SinePositionEncodingCallOptions,
  sinePositionEncoding,
} from './sinePositionEncoding.ts';
export {
  TokenAndPositionEmbedding,
  type TokenAndPositionEmbeddingArgs,
  tokenAndPositionEmbedding,
} from './tokenAndPositionEmbedding.ts';
export {
  TransformerDecoder,
  type TransformerDecoderCallOptions,
  transformerDecoder,
} from './transformerDecoder.ts';
export { TransformerEncoder, transformerEncoder } from './transformerEncoder.ts';
export type { TransformerLayerArgs } from './transformerLayer.ts';
