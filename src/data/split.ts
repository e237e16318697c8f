import { AnyformerError, show } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import { labelKey, type TextExample } from './labels.ts';
import { groupRepeats } from './repeats.ts';

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

export interface FoldsOptions {
  /** Number of folds, from 2 to the number of different texts. */
  readonly folds: number;
  readonly seed: number;
}

/** Indices of the examples that repeat one text. They stay together. */
type Group = readonly number[];

/**
 * Splits examples at random and by label.
 *
 * - Repeats of a text (case and white space aside) go to the same side, so that validation measures
 *   texts the model has not seen. Repeats under different labels count for the label of the first.
 * - Each label is split by the same share, as near as whole texts allow (largest remainder), so that
 *   rare labels do not all land on one side.
 * - Every label keeps at least one example to train on.
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
  const strata = shuffledStrata(examples, seed);
  const isValidation = new Uint8Array(examples.length);
  for (const index of chooseGroups(examples, strata, validationSplit).flat()) {
    isValidation[index] = 1;
  }
  const all = Int32Array.from({ length: examples.length }, (_, index) => index);
  const validation = all.filter((index) => isValidation[index] === 1);
  if (validation.length === 0) {
    const texts = strata.flat().length;
    const repeats = texts < examples.length ? ` (${texts} different texts)` : '';
    throw new AnyformerError(
      'INVALID_DATA',
      `validationSplit ${validationSplit} of ${examples.length} examples${repeats} with ${strata.length} labels leaves none to validate on; pass more examples, or validationData.`,
    );
  }
  return { train: all.filter((index) => isValidation[index] === 0), validation };
}

/**
 * Divides examples into folds for cross-validation (stratified group k-fold): train on all folds
 * but one, measure on that one, and repeat for each fold.
 *
 * Repeats of a text stay in one fold, under the label of the first. Each label is spread over the
 * folds as evenly as whole texts allow; among equals the smallest fold gets the next text, so the
 * folds are of similar size. The examples of a label with one text only are all in one fold, where
 * the model is measured on a label it has not seen.
 *
 * The same examples and seed give the same folds.
 *
 * @param examples N examples.
 * @returns (N): int32, the fold of each example, from 0 to `folds - 1`. No fold is empty.
 * @throws AnyformerError `INVALID_ARGUMENT` for fewer than 2 folds, or more than different texts.
 *
 * @example
 * const fold = foldsOf(examples, { folds: 5, seed: 1 });
 * const heldOut = examples.filter((_, i) => fold[i] === 0);
 *
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.StratifiedGroupKFold.html
 */
export function foldsOf(
  examples: readonly TextExample[],
  { folds, seed }: FoldsOptions,
): Int32Array {
  const strata = shuffledStrata(examples, seed);
  const texts = strata.flat().length;
  if (!(Number.isInteger(folds) && folds >= 2 && folds <= texts)) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `folds must be an integer from 2 to ${texts}, the number of different texts, received ${show(folds)}.`,
    );
  }
  const foldOf = new Int32Array(examples.length);
  const sizes = new Array<number>(folds).fill(0);
  for (const groups of strata) {
    const ofLabel = new Array<number>(folds).fill(0);
    // Large groups first: small ones then fill the gaps.
    for (const group of [...groups].sort((a, b) => b.length - a.length)) {
      let fold = 0;
      for (let other = 1; other < folds; other++) {
        const difference = ofLabel[other]! - ofLabel[fold]! || sizes[other]! - sizes[fold]!;
        if (difference < 0) fold = other;
      }
      for (const index of group) foldOf[index] = fold;
      ofLabel[fold]! += group.length;
      sizes[fold]! += group.length;
    }
  }
  return foldOf;
}

/** The groups of each label, shuffled; of several labels at once, of each combination. */
function shuffledStrata(examples: readonly TextExample[], seed: number): Group[][] {
  const groups: number[][] = [];
  const groupOf = groupRepeats(examples.map(({ text }) => text));
  for (const [index, group] of groupOf.entries()) {
    groups[group] ??= [];
    groups[group].push(index);
  }
  const strata = new Map<string, Group[]>();
  for (const group of groups) {
    const key = labelKey(examples[group[0]!]!.label);
    const stratum = strata.get(key);
    if (stratum) stratum.push(group);
    else strata.set(key, [group]);
  }
  const random = new Random(seed);
  return [...strata.values()].map((stratum) => random.shuffle(stratum));
}

/**
 * The groups that go to validation: of each label those that fit in its share, then one group more
 * by largest remainder while that brings the total nearer to its share.
 */
function chooseGroups(
  examples: readonly TextExample[],
  strata: readonly Group[][],
  share: number,
): Group[] {
  const chosen = new Set<Group>();
  const spare = sparing(examples);
  let missing = Math.max(1, Math.round(examples.length * share));
  const choose = (group: Group): boolean => {
    if (chosen.has(group) || !spare(group)) return false;
    chosen.add(group);
    missing -= group.length;
    return true;
  };
  const byRemainder = strata
    .map((groups) => {
      let remainder = groups.flat().length * share;
      for (const group of groups) {
        if (group.length <= remainder && choose(group)) remainder -= group.length;
      }
      return { groups, remainder };
    })
    .sort((a, b) => b.remainder - a.remainder);
  for (const { groups } of byRemainder) {
    groups.some((group) => group.length < 2 * missing && choose(group));
  }
  if (chosen.size === 0) {
    const smallestFirst = strata.flat().sort((a, b) => a.length - b.length);
    smallestFirst.some(choose);
  }
  return [...chosen];
}

/**
 * A function that takes a group away from training, and says whether it could: every label must
 * keep an example.
 */
function sparing(examples: readonly TextExample[]): (group: Group) => boolean {
  const keys = examples.map(({ label }) => labelKey(label));
  const left = new Map<string, number>();
  for (const key of keys) left.set(key, (left.get(key) ?? 0) + 1);
  return (group) => {
    const after = new Map<string, number>();
    for (const index of group) {
      const key = keys[index]!;
      after.set(key, (after.get(key) ?? left.get(key)!) - 1);
    }
    if ([...after.values()].some((count) => count === 0)) return false;
    for (const [key, count] of after) left.set(key, count);
    return true;
  };
}
