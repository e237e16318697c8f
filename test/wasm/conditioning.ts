import { Random } from '../../src/core/random.ts';

const TRIES = 4;
/** Half of the last place of a float32: how far rounding may move a number. */
const ROUNDING = 2 ** -24;

/**
 * How far the results of a function move when each number of its weights moves by a rounding of float32.
 * No float32 computation is closer to float64 than about that: a norm of two numbers that happen to
 * be near zero makes much of little.
 *
 * @param compute the results, in float64.
 * @param numbers weights as Float32Arrays, in lists and objects of any depth; all else stays as it is.
 * @returns the largest move of several tries.
 */
export function moveOfRounding<T>(compute: (numbers: T) => readonly number[], numbers: T): number {
  const random = new Random(1);
  const expected = compute(numbers);
  const moves = Array.from({ length: TRIES }, () =>
    compute(nudged(numbers, random) as T).map((x, i) => Math.abs(x - expected[i]!)),
  );
  return Math.max(...moves.flat());
}

function nudged(value: unknown, random: Random): unknown {
  if (value instanceof Float32Array) {
    return Float64Array.from(value, (x) => x * (1 + (2 * random.uniform() - 1) * ROUNDING));
  }
  if (Array.isArray(value)) return value.map((item) => nudged(item, random));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, nudged(item, random)]),
  );
}
