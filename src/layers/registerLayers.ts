import { serialization } from '@tensorflow/tfjs-core';
import { FusedLayerNormalization } from './fusedLayerNormalization.ts';
import { MaskedGlobalAveragePooling1D } from './maskedGlobalAveragePooling1D.ts';
import { MaskedGlobalMaxPooling1D } from './maskedGlobalMaxPooling1D.ts';
import { MultiHeadAttention } from './multiHeadAttention.ts';
import { RMSNormalization } from './rmsNormalization.ts';
import { RotaryEmbedding } from './rotaryEmbedding.ts';
import { SinePositionEncoding } from './sinePositionEncoding.ts';
import { TokenAndPositionEmbedding } from './tokenAndPositionEmbedding.ts';
import { TransformerDecoder } from './transformerDecoder.ts';
import { TransformerEncoder } from './transformerEncoder.ts';

const layers = [
  FusedLayerNormalization,
  MaskedGlobalAveragePooling1D,
  MaskedGlobalMaxPooling1D,
  MultiHeadAttention,
  RMSNormalization,
  RotaryEmbedding,
  SinePositionEncoding,
  TokenAndPositionEmbedding,
  TransformerDecoder,
  TransformerEncoder,
];

/**
 * Makes the layers known to tfjs-layers by their class names, so that `tfl.loadLayersModel` can
 * rebuild models that have them. Importing the library registers nothing; calling it again does
 * no harm.
 *
 * @example
 * registerLayers();
 * const model = await tfl.loadLayersModel(handler);
 */
export function registerLayers(): void {
  for (const layer of layers) serialization.registerClass(layer);
}
