import { throwIfAborted } from '../core/errors.ts';
import { type OnProgress, ProgressClock, yieldToEventLoop } from '../core/progress.ts';
import { lengthSortedBatches } from '../data/bucketBatches.ts';
import { translateGreedily } from './greedyTranslation.ts';
import { encodeTexts } from './pairDataset.ts';
import type { TranslatorParts } from './translatorFiles.ts';

interface TranslateTextsOptions {
  readonly batchSize: number;
  readonly maxNewTokens?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** Throws when the model is gone, as it may be after every turn of the event loop. */
  readonly checkAlive: () => void;
}

/** The translations of texts, computed in batches of like lengths, in the order of the texts. */
export async function translateTexts(
  parts: TranslatorParts,
  texts: readonly string[],
  options: TranslateTextsOptions,
): Promise<string[]> {
  const { batchSize, maxNewTokens = parts.maxLength, signal, onProgress, checkAlive } = options;
  const encoded = await encodeTexts(texts, parts, 'source', { signal });
  const full = [...texts.keys()].filter((index) => texts[index]!.trim() !== '');
  const batches = lengthSortedBatches(
    full.map((index) => encoded[index]!.length),
    batchSize,
  );
  const results = texts.map(() => '');
  const clock = new ProgressClock();
  const check = () => {
    throwIfAborted(signal, 'Translation');
    checkAlive();
  };
  for (const [step, places] of batches.entries()) {
    const indices = Array.from(places, (place) => full[place]!);
    check();
    const ids = await translateGreedily(
      parts.model,
      indices.map((index) => encoded[index]!),
      { maxNewTokens, check, breathe: yieldToEventLoop },
    );
    indices.forEach((index, row) => {
      results[index] = parts.tokenizers.target.decode(ids[row]!, { skipSpecialTokens: true });
    });
    onProgress?.({
      phase: 'predict',
      step: step + 1,
      totalSteps: batches.length,
      elapsedSeconds: clock.elapsedSeconds,
      remainingSeconds: clock.remainingSeconds(step + 1, batches.length),
    });
  }
  return results;
}
