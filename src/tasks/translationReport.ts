import * as tf from '@tensorflow/tfjs-core';
import { throwIfAborted } from '../core/errors.ts';
import { type OnProgress, ProgressClock, yieldToEventLoop } from '../core/progress.ts';
import { SeedStream } from '../core/random.ts';
import { lengthSortedBatches } from '../data/bucketBatches.ts';
import { causalLanguageModelLoss, IGNORED } from '../models/causalLanguageModelLoss.ts';
import type { EncoderDecoder } from '../models/encoderDecoder.ts';
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

interface MeasureOptions {
  readonly batchSize: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** Throws when the model is gone, as it may be after every turn of the event loop. */
  readonly checkAlive: () => void;
}

/** Measures a model on encoded pairs, in batches of like lengths. */
export async function measurePairs(
  model: EncoderDecoder,
  data: PairDataset,
  { batchSize, signal, onProgress, checkAlive }: MeasureOptions,
): Promise<TokenReport> {
  const batches = lengthSortedBatches(data.lengths, batchSize);
  const clock = new ProgressClock();
  const total = { loss: 0, tokens: 0, right: 0 };
  for (const [step, indices] of batches.entries()) {
    throwIfAborted(signal, 'Evaluation');
    checkAlive();
    const { loss, tokens, right } = measureBatch(model, data, indices);
    total.loss += loss * tokens;
    total.tokens += tokens;
    total.right += right;
    onProgress?.({
      phase: 'evaluate',
      step: step + 1,
      totalSteps: batches.length,
      elapsedSeconds: clock.elapsedSeconds,
      remainingSeconds: clock.remainingSeconds(step + 1, batches.length),
    });
    if (step + 1 < batches.length) await yieldToEventLoop();
  }
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
