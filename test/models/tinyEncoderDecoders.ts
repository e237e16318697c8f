import type { EncoderDecoderOptions } from '../../src/models/encoderDecoderConfig.ts';

const small = {
  vocabSize: 17,
  hiddenSize: 12,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
  intermediateSize: 13,
  maxPositionEmbeddings: 24,
} as const;
const marian = { ...small, type: 'marian', padTokenId: 16, decoderStartTokenId: 16 } as const;

/** Encoder-decoders of every kind, of sizes that are no multiples of a vector. */
export const tinyEncoderDecoders: readonly { name: string; options: EncoderDecoderOptions }[] = [
  { name: 'bart', options: { ...small, type: 'bart' } },
  { name: 'marian', options: { ...marian, scaleEmbedding: true, hiddenAct: 'swish' } },
  { name: 'transformer', options: small },
  {
    name: 'transformer, norms first, untied, one vocabulary each',
    options: {
      ...{ ...small, decoderVocabSize: 15, normalizeFirst: true, tieWordEmbeddings: false },
      ...{ encoderLayers: 1, decoderAttentionHeads: 2, encoderFfnDim: 7, scaleEmbedding: true },
    },
  },
  {
    name: 'transformer, waves, one vocabulary each',
    options: {
      ...{ ...small, decoderVocabSize: 19, positions: 'sinusoidal', hiddenSize: 20 },
      ...{ decoderLayers: 1, layernormEmbedding: true, hiddenAct: 'tanh' },
    },
  },
];
