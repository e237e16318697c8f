import { collectLabels, labelKey, type TextExample } from './labels.ts';
import { groupRepeats, textKey } from './repeats.ts';

export interface ConflictingLabels {
  /** Different texts that have more than one label. */
  readonly texts: number;
  /** Examples with one of those texts. */
  readonly examples: number;
  /** The first of those texts and its labels, in order of appearance. */
  readonly first: { readonly text: string; readonly labels: readonly string[] } | undefined;
}

export interface LabelCount {
  /** One label, or several at once joined by `', '`. */
  readonly label: string;
  /** Examples that have it. */
  readonly count: number;
}

/**
 * Finds texts that have different labels in different examples. Case and white space do not make
 * texts different; the order of a list of labels does not make labels different.
 *
 * @example
 * const examples = [{ text: 'hi', label: 'a' }, { text: 'Hi', label: 'b' }];
 * conflictingLabels(examples).first; // { text: 'hi', labels: ['a', 'b'] }
 */
export function conflictingLabels(examples: readonly TextExample[]): ConflictingLabels {
  const groups = new Map<number, { text: string; size: number; labels: Map<string, string> }>();
  const groupOf = groupRepeats(examples.map(({ text }) => text));
  for (const [index, { text, label }] of examples.entries()) {
    const group = groups.get(groupOf[index]!) ?? { text, size: 0, labels: new Map() };
    group.size++;
    group.labels.set(labelKey(label), joinLabels(label));
    groups.set(groupOf[index]!, group);
  }
  const conflicts = [...groups.values()].filter(({ labels }) => labels.size > 1);
  const first = conflicts[0];
  return {
    texts: conflicts.length,
    examples: conflicts.reduce((sum, { size }) => sum + size, 0),
    first: first && { text: first.text, labels: [...first.labels.values()] },
  };
}

/**
 * Counts the examples of each label, and gives the labels with fewer than `fewest`. An example with
 * several labels counts for each of them.
 *
 * @param labels the labels to count. One without examples has a count of 0.
 * @returns in the order of `labels`.
 *
 * @example
 * rareLabels([{ text: 'hi', label: 'a' }], ['a', 'b'], 1); // [{ label: 'b', count: 0 }]
 */
export function rareLabels(
  examples: readonly TextExample[],
  labels: readonly string[],
  fewest: number,
): LabelCount[] {
  const counts = countEach(examples.flatMap(({ label }) => label));
  return labels
    .map((label) => ({ label, count: counts.get(label) ?? 0 }))
    .filter(({ count }) => count < fewest);
}

/**
 * Counts the held-out examples whose text is also a training text, case and white space aside.
 *
 * @param examples what the model trains on.
 * @param heldOut what it is measured on.
 *
 * @example
 * repeatedIn([{ text: 'hi', label: 'a' }], [{ text: 'Hi ', label: 'a' }]); // 1
 */
export function repeatedIn(
  examples: readonly TextExample[],
  heldOut: readonly TextExample[],
): number {
  const keys = new Set(examples.map(({ text }) => textKey(text)));
  return heldOut.filter(({ text }) => keys.has(textKey(text))).length;
}

/**
 * The most frequent label and its number of examples: what a model that ignores the text would
 * answer. Of equally frequent labels, the first in the order of `collectLabels`.
 *
 * For lists of labels it is the most frequent set, sorted and joined by `', '`; the empty set is
 * `''`.
 *
 * @param examples at least one.
 *
 * @example
 * const { count } = majorityOf(examples);
 * const accuracyOfGuessing = count / examples.length;
 */
export function majorityOf(examples: readonly TextExample[]): LabelCount {
  const joined = examples.map(({ text, label }) => ({ text, label: joinLabels(label) }));
  const counts = countEach(joined.map(({ label }) => label));
  return collectLabels(joined)
    .map((label) => ({ label, count: counts.get(label)! }))
    .reduce((best, candidate) => (candidate.count > best.count ? candidate : best));
}

function joinLabels(label: TextExample['label']): string {
  return typeof label === 'string' ? label : [...label].sort().join(', ');
}

function countEach(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
