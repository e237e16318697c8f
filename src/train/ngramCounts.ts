/** How often each run of `order` neighbours occurs; runs are joined by `separator`. */
export function ngramCounts(
  items: readonly string[],
  order: number,
  separator: string,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + order <= items.length; i++) {
    const ngram = items.slice(i, i + order).join(separator);
    counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
  }
  return counts;
}

/** The total of all counts. */
export function countAll(counts: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}

/** How many of the first's there are in the second as well, each as often as it has it. */
export function countCommon(
  counts: ReadonlyMap<string, number>,
  others: ReadonlyMap<string, number>,
): number {
  let sum = 0;
  for (const [ngram, count] of counts) sum += Math.min(count, others.get(ngram) ?? 0);
  return sum;
}
