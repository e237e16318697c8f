import { AnyformerError, show } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import type { TextExample } from './labels.ts';

export interface SplitOptions {
  /** Share of the examples that goes to validation, in (0, 1). */
  readonly validationSplit: number;
  readonly seed: number;
}

/** Indices of examples, rising. */
export interface Split {
  readonly train: Int32Array;
  readonly validation: Int32Array;
}

/**
 * Splits examples at random, each label by the same share as near as whole examples allow (largest
 * remainder), so that rare labels do not all land on one side. Every label keeps at least one
 * example to train on.
 *
 * The same examples and seed give the same split.
 *
 * @throws AnyformerError `INVALID_ARGUMENT` for a share outside (0, 1); `INVALID_DATA` when one
 *   side would be empty.
 *
 * @example
 * const { train, validation } = splitExamples(examples, { validationSplit: 0.1, seed: 1 });
 */
export function splitExamples(
  examples: readonly TextExample[],
  { validationSplit, seed }: SplitOptions,
): Split {
  if (!(Number.isFinite(validationSplit) && validationSplit > 0 && validationSplit < 1)) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `validationSplit must be above 0 and below 1, received ${show(validationSplit)}.`,
    );
  }
  const groups = [...groupByLabel(examples).values()];
  const taken = sharesOf(
    groups.map((group) => group.length),
    validationSplit,
  );
  const random = new Random(seed);
  const isValidation = new Uint8Array(examples.length);
  for (const [i, group] of groups.entries()) {
    for (const index of random.shuffle(group).slice(0, taken[i])) isValidation[index] = 1;
  }
  const all = Int32Array.from({ length: examples.length }, (_, index) => index);
  const validation = all.filter((index) => isValidation[index] === 1);
  if (validation.length === 0) {
    throw new AnyformerError(
      'INVALID_DATA',
      `validationSplit ${validationSplit} of ${examples.length} examples with ${groups.length} labels leaves none to validate on; pass more examples, or validationData.`,
    );
  }
  return { train: all.filter((index) => isValidation[index] === 0), validation };
}

/** Indices by label; of several labels at once, by their combination. */
function groupByLabel(examples: readonly TextExample[]): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const [index, { label }] of examples.entries()) {
    const key = typeof label === 'string' ? label : JSON.stringify([...label].sort());
    const group = groups.get(key);
    if (group) group.push(index);
    else groups.set(key, [index]);
  }
  return groups;
}

/** How many of each group to take: its share rounded down, then one more by largest remainder. */
function sharesOf(sizes: readonly number[], share: number): number[] {
  const taken = sizes.map((size) => Math.floor(size * share));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let missing = Math.max(1, Math.round(total * share)) - taken.reduce((sum, x) => sum + x, 0);
  const byRemainder = sizes
    .map((size, i) => ({ i, remainder: size * share - taken[i]! }))
    .sort((a, b) => b.remainder - a.remainder || a.i - b.i);
  for (const { i } of byRemainder) {
    if (missing <= 0) break;
    if (taken[i]! + 1 >= sizes[i]!) continue;
    taken[i]! += 1;
    missing--;
  }
  return taken;
}
