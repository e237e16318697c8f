import * as tf from '@tensorflow/tfjs-core';
import { SeedStream } from '../core/random.ts';
import { causalLanguageModelLoss } from '../models/causalLanguageModelLoss.ts';
import type { Decoder } from '../models/decoder.ts';
import type { CorpusDataset } from './corpusDataset.ts';
import { type BatchesOptions, eachBatch } from './eachBatch.ts';

/** How well a model foresees a text. */
export interface LanguageModelReport {
  /** The mean of -log p over the tokens, each from those before it in its block. */
  readonly loss: number;
  /** e^loss: among how many tokens the model is undecided. */
  readonly perplexity: number;
  /** How many tokens were foreseen. */
  readonly tokens: number;
}

/** Measures a model on a text. */
export async function measureText(
  model: Decoder,
  data: CorpusDataset,
  options: BatchesOptions,
): Promise<LanguageModelReport> {
  const { batchSize } = options;
  const batches = data.batches({ epoch: 0, batchSize, shuffle: false, seed: 0 });
  let sum = 0;
  let tokens = 0;
  await eachBatch(batches, 'evaluate', options, (starts) => {
    tf.tidy(() => {
      const { targets, ...batch } = data.collate(starts).batch;
      const context = { training: false, seeds: new SeedStream(0) };
      const measured = causalLanguageModelLoss(model.forward(batch, context).logits, targets);
      sum += measured.loss.dataSync()[0]! * measured.tokens;
      tokens += measured.tokens;
    });
  });
  const loss = sum / tokens;
  return { loss, perplexity: Math.exp(loss), tokens };
}
