export { FusedLayerNormalization, fusedLayerNormalization } from './fusedLayerNormalization.ts';
export {
  MaskedGlobalAveragePooling1D,
  maskedGlobalAveragePooling1D,
} from './maskedGlobalAveragePooling1D.ts';
export { MaskedGlobalMaxPooling1D, maskedGlobalMaxPooling1D } from './maskedGlobalMaxPooling1D.ts';
export { MultiHeadAttention, multiHeadAttention } from './multiHeadAttention.ts';
export { registerLayers } from './registerLayers.ts';
export { RMSNormalization, rmsNormalization } from './rmsNormalization.ts';
export { RotaryEmbedding, rotaryEmbedding } from './rotaryEmbedding.ts';
export { SinePositionEncoding, sinePositionEncoding } from './sinePositionEncoding.ts';
export {
  TokenAndPositionEmbedding,
  tokenAndPositionEmbedding,
} from './tokenAndPositionEmbedding.ts';
export { TransformerDecoder, transformerDecoder } from './transformerDecoder.ts';
export { TransformerEncoder, transformerEncoder } from './transformerEncoder.ts';
