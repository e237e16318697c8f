import { type LogitsProcessor, logSumExp, rankScores } from '../logitsProcessor.ts';

/** Keeps the fewest tokens whose probabilities add up to p. Holtzman et al., "The Curious Case of Neural Text Degeneration". */
export function topP(p: number): LogitsProcessor {
  return (_, scores) => {
    const total = logSumExp(scores);
    let sum = 0;
    for (const place of rankScores(scores)) {
      const probability = Math.exp(scores[place]! - total);
      // The one that reaches p is kept, and the likeliest in any case.
      if (sum >= p) scores[place] = -Infinity;
      sum += probability;
    }
  };
}
