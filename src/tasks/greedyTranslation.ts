import type { EncoderDecoder } from '../models/encoderDecoder.ts';

interface GreedyOptions {
  /** The most tokens of a translation, the end token among them. */
  readonly maxNewTokens: number;
  /** Called before each token: throws to stop. */
  readonly check: () => void;
  /** Gives the event loop a turn. */
  readonly breathe: () => Promise<void>;
}

/**
 * The token ids that a model finds most likely, one after the other, for each source: those after
 * the start token and before the end token.
 */
export async function translateGreedily(
  model: EncoderDecoder,
  sources: readonly (readonly number[])[],
  { maxNewTokens, check, breathe }: GreedyOptions,
): Promise<number[][]> {
  const { decoderStartTokenId, eosTokenId, decoderVocabSize: V } = model.config;
  const ends = new Set([eosTokenId].flat());
  const results: number[][] = sources.map(() => []);
  let alive = [...sources.keys()];
  using cache = model.createCache(sources, { maxLength: maxNewTokens });
  let logits = model.prefill(
    sources.map(() => [decoderStartTokenId]),
    cache,
  );
  for (let step = 0; step < maxNewTokens && alive.length > 0; step++) {
    check();
    const next = alive.map((_, row) => likeliest(logits, row * V, V));
    const going = [...next.keys()].filter((row) => !ends.has(next[row]!));
    for (const row of going) results[alive[row]!]!.push(next[row]!);
    // The last token needs nothing after it.
    if (going.length === 0 || step + 1 === maxNewTokens) break;
    if (going.length < alive.length) cache.reorder(going);
    alive = going.map((row) => alive[row]!);
    logits = model.step(
      going.map((row) => next[row]!),
      cache,
    );
    await breathe();
  }
  return results;
}

/** The first of the highest scores in [start, start + count). */
export function likeliest(scores: Float32Array, start: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (scores[start + i]! > scores[start + best]!) best = i;
  return best;
}
