import * as tf from '@tensorflow/tfjs-core';
import { Random } from '../../src/core/random.ts';
import type { Decoder } from '../../src/models/decoder.ts';
import type { DecoderOptions } from '../../src/models/decoderConfig.ts';

const small = {
  vocabSize: 17,
  hiddenSize: 12,
  numHiddenLayers: 2,
  intermediateSize: 13,
  maxPositionEmbeddings: 24,
} as const;

const llama = { ...small, type: 'llama', numAttentionHeads: 4 } as const;

/** Decoders of every kind, of sizes that are no multiples of a vector. */
export const tinyDecoders: readonly { name: string; options: DecoderOptions }[] = [
  { name: 'gpt2', options: { ...small, numAttentionHeads: 4 } },
  { name: 'gpt2, untied', options: { ...small, numAttentionHeads: 2, tieWordEmbeddings: false } },
  { name: 'llama', options: { ...llama, headDim: 4 } },
  {
    name: 'llama, grouped queries, tied',
    options: { ...llama, headDim: 6, numKeyValueHeads: 2, tieWordEmbeddings: true },
  },
  {
    name: 'llama, one key head, biases',
    options: { ...llama, headDim: 2, numKeyValueHeads: 1, attentionBias: true, mlpBias: true },
  },
];

/** Moves the weights away from their start, where they are so small that little depends on them. */
export function stir(decoder: Pick<Decoder, 'variables'>, seed: number, range = 0.4): void {
  const random = new Random(seed);
  for (const variable of decoder.variables.values()) {
    const values = variable.dataSync().map((x) => x + range * random.normal());
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  }
}

/** (batch, steps) of token ids. */
export function randomIds(
  batch: number,
  steps: number,
  seed: number,
  below: number = small.vocabSize,
): tf.Tensor2D {
  const random = new Random(seed);
  const ids = Int32Array.from({ length: batch * steps }, () => random.below(below));
  return tf.tensor2d(ids, [batch, steps], 'int32');
}
