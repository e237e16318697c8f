import type { LogitsProcessor } from '../logitsProcessor.ts';

/** Makes each token that has occurred less likely, in the prompt too. Keskar et al., "CTRL". */
export function repetitionPenalty(penalty: number): LogitsProcessor {
  return (ids, scores) => {
    for (const id of new Set(ids)) {
      const score = scores[id]!;
      scores[id] = score < 0 ? score * penalty : score / penalty;
    }
  };
}
