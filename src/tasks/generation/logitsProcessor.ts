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

/** The highest score; -Infinity where all are ruled out. */
export function highestOf(scores: Float32Array): number {
  let highest = -Infinity;
  for (let i = 0; i < scores.length; i++) if (scores[i]! > highest) highest = scores[i]!;
  return highest;
}

/** log of the sum of e to each score, without overflow. */
export function logSumExp(scores: Float32Array): number {
  const highest = highestOf(scores);
  if (highest === -Infinity) return -Infinity;
  let sum = 0;
  for (let i = 0; i < scores.length; i++) {
    // What is ruled out adds nothing, and most may be.
    if (scores[i] !== -Infinity) sum += Math.exp(scores[i]! - highest);
  }
  return highest + Math.log(sum);
}

/** Rules out what is below a score. */
export function ruleOutBelow(scores: Float32Array, lowest: number): void {
  for (let i = 0; i < scores.length; i++) if (scores[i]! < lowest) scores[i] = -Infinity;
}
