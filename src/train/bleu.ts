import { countAll, countCommon, ngramCounts } from './ngramCounts.ts';

const ORDER = 4;

/** As mteval-v13a parts words: entities, punctuation, and dots and commas that stand by no digit. */
const STEPS: readonly (readonly [RegExp, string])[] = [
  [/<skipped>/g, ''],
  [/-\n/g, ''],
  [/\n/g, ' '],
  [/&quot;/g, '"'],
  [/&amp;/g, '&'],
  [/&lt;/g, '<'],
  [/&gt;/g, '>'],
];
const PARTINGS: readonly (readonly [RegExp, string])[] = [
  [/([{-~[-` -&(-+:-@/])/g, ' $1 '],
  [/([^0-9])([.,])/g, '$1 $2 '],
  [/([.,])([^0-9])/g, ' $1 $2'],
  [/([0-9])(-)/g, '$1 $2 '],
];

/** The words of a text as BLEU counts them: mteval's tokenization 13a. */
export function tokenize13a(text: string): string[] {
  let line = text;
  for (const [pattern, replacement] of STEPS) line = line.replace(pattern, replacement);
  line = ` ${line} `;
  for (const [pattern, replacement] of PARTINGS) line = line.replace(pattern, replacement);
  return line.split(/\s+/).filter((word) => word !== '');
}

/**
 * BLEU of a corpus, 0 to 100: the geometric mean of the shares of 1- to 4-grams that are in a
 * reference too, times exp(1 - reference length / length) where the translations are shorter.
 *
 * @param hypotheses N translations.
 * @param references of each translation one text, or several to be compared with.
 * @example
 * corpusBleu(['The dog bit the man.'], [['The dog bit the man.', 'The dog had bit the man.']]); // 100
 *
 * Source: Papineni et al. (2002), as sacreBLEU computes it by default: tokenization 13a, exponential
 * smoothing of orders without a match, case kept.
 */
export function corpusBleu(
  hypotheses: readonly string[],
  references: readonly (string | readonly string[])[],
): number {
  const matches = new Array<number>(ORDER).fill(0);
  const totals = new Array<number>(ORDER).fill(0);
  let length = 0;
  let referenceLength = 0;
  hypotheses.forEach((hypothesis, i) => {
    const words = tokenize13a(hypothesis);
    const others = [references[i]!].flat().map(tokenize13a);
    length += words.length;
    referenceLength += closestLength(words.length, others);
    for (let order = 1; order <= ORDER; order++) {
      const counts = ngramCounts(words, order, ' ');
      totals[order - 1]! += countAll(counts);
      matches[order - 1]! += countCommon(counts, mostOf(others, order));
    }
  });
  if (matches.every((count) => count === 0)) return 0;
  let logarithms = 0;
  let smoothing = 1;
  for (let i = 0; i < ORDER; i++) {
    if (totals[i] === 0) return 0;
    if (matches[i] === 0) smoothing *= 2;
    logarithms += Math.log(
      matches[i] === 0 ? 1 / (smoothing * totals[i]!) : matches[i]! / totals[i]!,
    );
  }
  const brevity = length < referenceLength ? Math.exp(1 - referenceLength / length) : 1;
  return 100 * brevity * Math.exp(logarithms / ORDER);
}

/** Of equally near ones the shorter. */
function closestLength(length: number, others: readonly (readonly string[])[]): number {
  const lengths = others.map((words) => words.length).sort((a, b) => a - b);
  return lengths.reduce((best, n) => (Math.abs(n - length) < Math.abs(best - length) ? n : best));
}

/** Each n-gram as often as the reference has it that has it most. */
function mostOf(others: readonly (readonly string[])[], order: number): Map<string, number> {
  const most = new Map<string, number>();
  for (const words of others) {
    for (const [ngram, count] of ngramCounts(words, order, ' ')) {
      most.set(ngram, Math.max(count, most.get(ngram) ?? 0));
    }
  }
  return most;
}
