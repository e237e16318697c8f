import { throwIfAborted } from '../core/errors.ts';
import { type OnProgress, ProgressClock, yieldToEventLoop } from '../core/progress.ts';

/** How a model is run over more than one batch. */
export interface BatchesOptions {
  readonly batchSize: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** Throws when the model is gone, as it may be after every turn of the event loop. */
  readonly checkAlive: () => void;
}

/** Runs one batch after the other, with a turn of the event loop between two. */
export async function eachBatch<Batch>(
  batches: readonly Batch[],
  phase: 'predict' | 'evaluate',
  { signal, onProgress, checkAlive }: BatchesOptions,
  run: (batch: Batch) => void,
): Promise<void> {
  const clock = new ProgressClock();
  const totalSteps = batches.length;
  for (const [index, batch] of batches.entries()) {
    throwIfAborted(signal, phase === 'predict' ? 'Prediction' : 'Evaluation');
    checkAlive();
    run(batch);
    const step = index + 1;
    await onProgress?.(clock.progress({ phase, step, totalSteps }));
    if (step < totalSteps) await yieldToEventLoop();
  }
}
