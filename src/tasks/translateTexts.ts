import { throwIfAborted } from '../core/errors.ts';
import { ProgressClock } from '../core/progress.ts';
import { lengthSortedBatches } from '../data/bucketBatches.ts';
import type { EncoderDecoder } from '../models/encoderDecoder.ts';
import { decodingOf } from './generation/decoding.ts';
import { generateTokens, rowsOf } from './generation/generateTokens.ts';
import type { ParsedGeneration } from './generation/generationOptions.ts';
import { SearchContext } from './generation/searchContext.ts';
import { encodeTexts } from './pairDataset.ts';
import type { TranslatorParts } from './translatorFiles.ts';

interface TranslateTextsOptions {
  readonly batchSize: number;
  readonly generation: ParsedGeneration;
  /** Throws when the model is gone, as it may be after every turn of the event loop. */
  readonly checkAlive: () => void;
}

/** The translations of texts, computed in batches of like lengths, in the order of the texts. */
export async function translateTexts(
  parts: TranslatorParts,
  texts: readonly string[],
  { batchSize, generation, checkAlive }: TranslateTextsOptions,
): Promise<string[]> {
  const { signal, onProgress } = generation;
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
    const sources = indices.map((index) => encoded[index]!);
    const ids = await translateTokens(parts.model, sources, generation, checkAlive);
    indices.forEach((index, row) => {
      results[index] = parts.tokenizers.target.decode(ids[row]!, { skipSpecialTokens: true });
    });
    onProgress?.(clock.progress({ phase: 'predict', step: step + 1, totalSteps: batches.length }));
  }
  return results;
}

/** The tokens after the start token, of each source. */
export async function translateTokens(
  model: EncoderDecoder,
  sources: readonly (readonly number[])[],
  generation: ParsedGeneration,
  checkAlive: () => void,
): Promise<(readonly number[])[]> {
  const { decoderStartTokenId, decoderVocabSize } = model.config;
  const context = new SearchContext(generation, generation.stoppingCriteria, checkAlive);
  const cache = model.createCache(sources, {
    batchSize: rowsOf(sources.length, generation),
    // The last token needs nothing after it.
    maxLength: generation.maxNewTokens,
  });
  const decoding = decodingOf(model, cache, decoderVocabSize);
  const prompts = sources.map(() => [decoderStartTokenId]);
  const found = await generateTokens(decoding, prompts, context).finally(() => cache.dispose());
  return found.map(([best]) => best!.tokenIds);
}
