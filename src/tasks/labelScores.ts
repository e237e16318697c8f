import type { KnownWords } from '../models/knownWords.ts';
import type { ClassifierParts } from './classification/classifierModel.ts';

/**
 * A label, and the probability that it holds.
 *
 * @typeParam Label the labels' names where they are known to the compiler: `create({ labels: ['ham', 'spam'] })`.
 */
export interface LabelScore<Label extends string = string> {
  /** One of the labels, or 'unknown': see `minScore` of `predict`. */
  readonly label: Label | 'unknown';
  readonly score: number;
  /**
   * On the first of a text's labels, what keeps the answer from being worth much:
   * - `'empty'`: the text has no words;
   * - `'unfamiliar'`: it looks like nothing in the training data;
   * - `'low-score'`: its best label scores below `minScore`.
   */
  readonly note?: 'empty' | 'unfamiliar' | 'low-score';
}

/** The label of a text that none of the labels is the answer to. */
export const UNKNOWN = 'unknown' as const;

/** (C) softmax of the logits, or with `multiLabel` the sigmoid of each. */
export function labelProbabilities(logits: Float32Array, multiLabel: boolean): number[] {
  return multiLabel ? Array.from(logits, sigmoid) : softmax(logits);
}

/** Probabilities by label, best first; labels of equal score stay in their order. */
export function scoreLabels(
  logits: Float32Array,
  { labels, multiLabel }: Pick<ClassifierParts, 'labels' | 'multiLabel'>,
): LabelScore[] {
  const probabilities = labelProbabilities(logits, multiLabel);
  return labels
    .map((label, index) => ({ label, score: probabilities[index]! }))
    .sort((a, b) => b.score - a.score);
}

/**
 * The answer for a text: its labels, with 'unknown' before them where there is nothing to answer,
 * or not enough. The score of 'unknown' is what the best label is short of certainty.
 *
 * @param minScore a text whose best label scores lower, or that is unfamiliar, is 'unknown'; with 0
 *   only an empty text is.
 */
export function answer(
  text: string,
  scores: readonly LabelScore[],
  minScore: number,
  knownWords: KnownWords | undefined,
): LabelScore[] {
  const [best, ...others] = scores;
  if (!best) return [];
  if (text.trim() === '') return [{ label: UNKNOWN, score: 1, note: 'empty' }, ...scores];
  const isFamiliar = knownWords?.isFamiliar(text) ?? true;
  const note = !isFamiliar ? 'unfamiliar' : best.score < minScore ? 'low-score' : undefined;
  if (!note) return [...scores];
  if (minScore === 0) return [{ ...best, note }, ...others];
  return [{ label: UNKNOWN, score: 1 - best.score, note }, ...scores];
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

function softmax(logits: Float32Array): number[] {
  const highest = logits.reduce((a, b) => Math.max(a, b));
  const powers = Array.from(logits, (x) => Math.exp(x - highest));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((x) => x / sum);
}
