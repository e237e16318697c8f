import * as tf from '@tensorflow/tfjs-core';
import { SeedStream } from '../core/random.ts';
import { lengthSortedBatches } from '../data/bucketBatches.ts';
import { causalLanguageModelLoss, IGNORED } from '../models/causalLanguageModelLoss.ts';
import type { EncoderDecoder } from '../models/encoderDecoder.ts';
import { type BatchesOptions, eachBatch } from './eachBatch.ts';
import type { PairDataset } from './pairDataset.ts';

/** How well a model knows the next token of targets whose beginnings it is given. */
export type TokenReport = {
  /** Mean of -log p over the tokens of the targets, end tokens included. */
  readonly loss: number;
  /** Share of the tokens that the model finds likeliest of all. */
  readonly tokenAccuracy: number;
};

/** {@link TokenReport}, and how near the model's own translations come to the targets. */
export type TranslationReport = TokenReport & {
  /** 0 to 100, of the corpus: see `corpusBleu`. */
  readonly bleu: number;
  /** 0 to 100, of the corpus: see `corpusChrf`. */
  readonly chrf: number;
};

/** Measures a model on encoded pairs, in batches of like lengths. */
export async function measurePairs(
  model: EncoderDecoder,
  data: PairDataset,
  options: BatchesOptions,
): Promise<TokenReport> {
  const total = { loss: 0, tokens: 0, right: 0 };
  const batches = lengthSortedBatches(data.lengths, options.batchSize);
  await eachBatch(batches, 'evaluate', options, (indices) => {
    const { loss, tokens, right } = measureBatch(model, data, indices);
    total.loss += loss * tokens;
    total.tokens += tokens;
    total.right += right;
  });
  return { loss: total.loss / total.tokens, tokenAccuracy: total.right / total.tokens };
}

function measureBatch(model: EncoderDecoder, data: PairDataset, indices: Int32Array) {
  const result = { loss: 0, tokens: 0, right: 0 };
  tf.tidy(() => {
    const { targets, ...batch } = data.collate(indices).batch;
    const context = { training: false, seeds: new SeedStream(0) };
    const { logits } = model.forward(batch, context); // (B, T, V)
    const { loss, tokens } = causalLanguageModelLoss(logits, targets);
    result.loss = loss.dataSync()[0]!;
    result.tokens = tokens;
    const V = logits.shape[2];
    const scores = logits.dataSync() as Float32Array;
    for (const [place, target] of targets.dataSync().entries()) {
      if (target !== IGNORED && likeliest(scores, place * V, V) === target) result.right++;
    }
  });
  return result;
}

/** The first of the highest scores in [start, start + count). */
function likeliest(scores: Float32Array, start: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (scores[start + i]! > scores[start + best]!) best = i;
  return best;
}
