import { countAll, countCommon, ngramCounts } from './ngramCounts.ts';

const ORDER = 6;
/** Recall counts so many times as much as precision. */
const BETA = 2;

/** Of each order: n-grams of the hypothesis, of the reference, and common ones. */
type Statistics = readonly (readonly [number, number, number])[];

/**
 * chrF2 of a corpus, 0 to 100: the F-score of character 1- to 6-grams, blanks left out, with recall
 * counted twice: 5 P R / (4 P + R) of the means P and R over the orders.
 *
 * @param hypotheses N translations.
 * @param references of each translation one text, or several, of which the nearest counts.
 * @example
 * corpusChrf(['The dog bit the man.'], ['The dog bit the man.']); // 100
 *
 * Source: Popović (2015), as sacreBLEU computes it by default.
 */
export function corpusChrf(
  hypotheses: readonly string[],
  references: readonly (string | readonly string[])[],
): number {
  const sums = Array.from({ length: ORDER }, (): [number, number, number] => [0, 0, 0]);
  hypotheses.forEach((hypothesis, i) => {
    const all = [references[i]!].flat().map((reference) => statisticsOf(hypothesis, reference));
    const scores = all.map(fScore);
    const best = all[scores.indexOf(Math.max(...scores))]!;
    best.forEach((counts, order) => {
      counts.forEach((count, k) => {
        sums[order]![k]! += count;
      });
    });
  });
  return fScore(sums);
}

function statisticsOf(hypothesis: string, reference: string): Statistics {
  const [ours, theirs] = [hypothesis, reference].map((text) => [...text.replace(/\s+/g, '')]);
  return Array.from({ length: ORDER }, (_, i) => {
    const [own, other] = [ngramCounts(ours!, i + 1, ''), ngramCounts(theirs!, i + 1, '')];
    // Where the reference is too short for the order, there is nothing to be right or wrong about.
    return [other.size > 0 ? countAll(own) : 0, countAll(other), countCommon(own, other)];
  });
}

function fScore(statistics: Statistics): number {
  let [precision, recall, orders] = [0, 0, 0];
  for (const [own, other, common] of statistics) {
    if (own === 0 || other === 0) continue;
    precision += common / own;
    recall += common / other;
    orders++;
  }
  if (precision + recall === 0) return 0;
  const factor = BETA ** 2;
  const [p, r] = [precision / orders, recall / orders];
  return (100 * (1 + factor) * p * r) / (factor * p + r);
}
