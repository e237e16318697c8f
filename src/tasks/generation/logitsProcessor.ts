/** What a logits processor receives about the text it works on. */
export interface ProcessorContext {
  /** The number of ids that belong to the prompt. */
  readonly promptLength: number;
  /** The maximum number of tokens to generate. */
  readonly maxNewTokens: number;
}

/**
 * A function that changes the logits of the next token. It writes to `scores` and returns undefined,
 * or returns new ones. A logit of `-Infinity` makes a token impossible.
 *
 * @param ids the token ids of the prompt, followed by the generated ones.
 * @param scores the logits, shape [V]; a copy that may be changed.
 * @see https://huggingface.co/docs/transformers/internal/generation_utils#transformers.LogitsProcessor
 */
export type LogitsProcessor = (
  ids: readonly number[],
  scores: Float32Array,
  context: ProcessorContext,
) => Float32Array | undefined;

/** The highest logit; -Infinity if all are -Infinity. */
export function highestOf(scores: Float32Array): number {
  let highest = -Infinity;
  for (let i = 0; i < scores.length; i++) if (scores[i]! > highest) highest = scores[i]!;
  return highest;
}

/** log(sum(exp(scores))), without overflow. */
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

/** Sets all scores below `lowest` to -Infinity. */
export function ruleOutBelow(scores: Float32Array, lowest: number): void {
  for (let i = 0; i < scores.length; i++) if (scores[i]! < lowest) scores[i] = -Infinity;
}
