/** What a processor may know of the row it works on. */
export interface ProcessorContext {
  /** How many of the ids are the prompt. */
  readonly promptLength: number;
  /** The most tokens after the prompt. */
  readonly maxNewTokens: number;
}

/**
 * Changes the scores of the next token, in place (and gives undefined) or by giving others:
 * `-Infinity` rules one out.
 *
 * @param ids the prompt and what has been generated.
 * @param scores (V), before softmax; a copy.
 */
export type LogitsProcessor = (
  ids: readonly number[],
  scores: Float32Array,
  context: ProcessorContext,
) => Float32Array | undefined;

/** log of the sum of e to each score, without overflow. */
export function logSumExp(scores: Float32Array): number {
  let highest = -Infinity;
  for (const score of scores) if (score > highest) highest = score;
  if (highest === -Infinity) return -Infinity;
  let sum = 0;
  for (const score of scores) sum += Math.exp(score - highest);
  return highest + Math.log(sum);
}

/** The places of the scores that are not ruled out, highest first; equals in their order. */
export function rankScores(scores: Float32Array): number[] {
  const places: number[] = [];
  scores.forEach((score, i) => {
    if (score !== -Infinity) places.push(i);
  });
  return places.sort((a, b) => scores[b]! - scores[a]! || a - b);
}
