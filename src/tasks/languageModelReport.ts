import * as tf from '@tensorflow/tfjs-core';
import { throwIfAborted } from '../core/errors.ts';
import { type OnProgress, ProgressClock, yieldToEventLoop } from '../core/progress.ts';
import { SeedStream } from '../core/random.ts';
import { causalLanguageModelLoss } from '../models/causalLanguageModelLoss.ts';
import type { Decoder } from '../models/decoder.ts';
import type { CorpusDataset } from './corpusDataset.ts';

/** How well a model foresees a text. */
export interface LanguageModelReport {
  /** The mean of -log p over the tokens, each from those before it in its block. */
  readonly loss: number;
  /** e^loss: among how many tokens the model is undecided. */
  readonly perplexity: number;
  /** How many tokens were foreseen. */
  readonly tokens: number;
}

interface MeasureOptions {
  readonly batchSize: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** Throws when the model is gone, as it may be after every turn of the event loop. */
  readonly checkAlive: () => void;
}

export async function measureText(
  model: Decoder,
  data: CorpusDataset,
  { batchSize, signal, onProgress, checkAlive }: MeasureOptions,
): Promise<LanguageModelReport> {
  const batches = data.batches({ epoch: 0, batchSize, shuffle: false, seed: 0 });
  const clock = new ProgressClock();
  let sum = 0;
  let tokens = 0;
  for (const [step, starts] of batches.entries()) {
    throwIfAborted(signal, 'Evaluation');
    checkAlive();
    tf.tidy(() => {
      const { targets, ...batch } = data.collate(starts).batch;
      const context = { training: false, seeds: new SeedStream(0) };
      const measured = causalLanguageModelLoss(model.forward(batch, context).logits, targets);
      sum += measured.loss.dataSync()[0]! * measured.tokens;
      tokens += measured.tokens;
    });
    onProgress?.({
      phase: 'evaluate',
      step: step + 1,
      totalSteps: batches.length,
      elapsedSeconds: clock.elapsedSeconds,
      remainingSeconds: clock.remainingSeconds(step + 1, batches.length),
    });
    if (step + 1 < batches.length) await yieldToEventLoop();
  }
  const loss = sum / tokens;
  return { loss, perplexity: Math.exp(loss), tokens };
}
