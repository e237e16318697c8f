import { type LogitsProcessor, rankScores } from '../logitsProcessor.ts';

/** Keeps the k highest scores, and what equals the last of them. Fan et al., 2018. */
export function topK(k: number): LogitsProcessor {
  return (_, scores) => {
    const ranked = rankScores(scores);
    if (ranked.length <= k) return;
    const lowest = scores[ranked[k - 1]!]!;
    for (let i = 0; i < scores.length; i++) if (scores[i]! < lowest) scores[i] = -Infinity;
  };
}
