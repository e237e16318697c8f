import { AnyformerError } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import type { TextPair } from '../data/pairs.ts';

interface HoldOutOptions {
  /** In [0, 1). */
  readonly validationSplit: number;
  readonly seed: number;
}

/**
 * Pairs to learn from, and those to validate on: the ones that were given, or a share chosen at
 * random, the same for the same seed.
 *
 * @throws AnyformerError `INVALID_DATA` when one side would be empty.
 */
export function holdOutPairs(
  pairs: readonly TextPair[],
  given: readonly TextPair[] | undefined,
  { validationSplit, seed }: HoldOutOptions,
): { learn: readonly TextPair[]; validate: readonly TextPair[] | undefined } {
  if (given || validationSplit === 0) return { learn: pairs, validate: given };
  const count = Math.round(pairs.length * validationSplit);
  if (count === 0 || count === pairs.length) {
    throw new AnyformerError(
      'INVALID_DATA',
      `validationSplit ${validationSplit} of ${pairs.length} pairs leaves none on one side; pass more pairs, or validationData.`,
    );
  }
  const order = new Random(seed).shuffle(Int32Array.from(pairs, (_, index) => index));
  const isHeld = new Set(order.subarray(0, count));
  return {
    learn: pairs.filter((_, index) => !isHeld.has(index)),
    validate: pairs.filter((_, index) => isHeld.has(index)),
  };
}
