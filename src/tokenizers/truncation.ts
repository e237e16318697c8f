import { AnyformerError } from '../core/errors.ts';

/** Which of two texts is shortened: HF's strategies. `longestFirst` shortens the longer one. */
export type TruncationStrategy = 'longestFirst' | 'onlyFirst' | 'onlySecond';

/** The end at which ids are cut off. */
export type Side = 'left' | 'right';

/**
 * Shortens one or two sequences of ids to `maxLength` ids together.
 *
 * The caller takes the special tokens off `maxLength` before, so that they are never cut.
 *
 * @param second undefined where there is no second text.
 * @throws AnyformerError `INVALID_ARGUMENT` where the strategy cannot reach the length.
 *
 * Source: `truncate_encodings` of HF's tokenizers.
 */
export function truncate(
  first: readonly number[],
  second: readonly number[] | undefined,
  maxLength: number,
  strategy: TruncationStrategy,
  side: Side,
): [first: readonly number[], second: readonly number[] | undefined] {
  const excess = first.length + (second?.length ?? 0) - maxLength;
  if (strategy === 'onlySecond' && second === undefined) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `truncation 'onlySecond' needs a second text; pass textPair, or use 'onlyFirst' or 'longestFirst'.`,
    );
  }
  if (excess <= 0) return [first, second];
  if (maxLength === 0) return [[], second && []];
  if (strategy === 'onlyFirst') return [shorten(first, excess, side, 'first'), second];
  if (strategy === 'onlySecond') return [first, shorten(second!, excess, side, 'second')];
  if (second === undefined) return [cut(first, maxLength, side), undefined];
  const [a, b] = shareLength(first.length, second.length, maxLength);
  return [cut(first, a, side), cut(second, b, side)];
}

/** Lengths of two sequences cut to `total` together: the shorter stays whole while it can. */
function shareLength(a: number, b: number, total: number): [number, number] {
  const shorter = Math.min(a, b);
  const half = Math.floor(total / 2);
  // Two that are both longer than half get half each, the odd id going to the longer one.
  const [less, more] = shorter <= half ? [shorter, total - shorter] : [half, total - half];
  return a <= b ? [less, more] : [more, less];
}

function shorten(ids: readonly number[], excess: number, side: Side, which: 'first' | 'second') {
  // HF keeps at least one token of a text that alone is shortened.
  if (ids.length <= excess) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `The ${which} text has ${ids.length} tokens but ${excess} must go to reach maxLength; use truncation 'longestFirst' or a greater maxLength.`,
    );
  }
  return cut(ids, ids.length - excess, side);
}

function cut(ids: readonly number[], length: number, side: Side): readonly number[] {
  return side === 'right' ? ids.slice(0, length) : ids.slice(ids.length - length);
}
