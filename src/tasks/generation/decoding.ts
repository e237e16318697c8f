import type { DecodeCache } from '../../models/decodeCache.ts';

/** A decoder, or an encoder-decoder, with room for what it is decoding. */
export interface Decoding {
  readonly vocabSize: number;
  /** The most tokens a row can hold. */
  readonly maxLength: number;
  /** Makes a row of each prompt. @returns (rows, V) logits: a view, until the next call. */
  start(prompts: readonly ArrayLike<number>[]): Float32Array;
  /** Appends a token to each row. @returns as of `start`. */
  step(ids: readonly number[]): Float32Array;
  /** Makes row i what row indices[i] was. */
  reorder(indices: readonly number[]): void;
}

interface CachedModel {
  prefill(prompts: readonly ArrayLike<number>[], cache: DecodeCache): Float32Array;
  step(ids: ArrayLike<number>, cache: DecodeCache): Float32Array;
}

/** A model and a cache of its own as what the searches decode with. The cache stays the caller's. */
export function decodingOf(model: CachedModel, cache: DecodeCache, vocabSize: number): Decoding {
  return {
    vocabSize,
    maxLength: cache.maxLength,
    start(prompts) {
      cache.truncate(0);
      return model.prefill(prompts, cache);
    },
    step: (ids) => model.step(ids, cache),
    reorder: (indices) => cache.reorder(indices),
  };
}

/**
 * Appends a token to each row. Rows that are full go on from the second half of what they hold.
 *
 * @param rows what each row is to hold, the new token last.
 */
export function advance(decoding: Decoding, rows: readonly (readonly number[])[]): Float32Array {
  const beginOf = ({ length }: readonly number[]) => firstHeld(length, decoding.maxLength);
  const isFull = rows.some((ids) => beginOf(ids) !== firstHeld(ids.length - 1, decoding.maxLength));
  if (!isFull) return decoding.step(rows.map((ids) => ids.at(-1)!));
  return decoding.start(rows.map((ids) => ids.slice(beginOf(ids))));
}

/** Where what a row of so many tokens still holds begins: a matter of its length alone. */
function firstHeld(length: number, maxLength: number): number {
  if (length <= maxLength) return 0;
  const half = Math.max(1, maxLength >> 1);
  return Math.ceil((length - maxLength) / half) * half;
}
