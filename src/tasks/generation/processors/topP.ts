import { type LogitsProcessor, logSumExp } from '../logitsProcessor.ts';

/** Keeps the fewest tokens whose probabilities add up to p. Holtzman et al., "The Curious Case of Neural Text Degeneration". */
export function topP(p: number): LogitsProcessor {
  return (_, scores) => {
    const total = logSumExp(scores);
    // All below it together are less likely than 1 - p: p is reached without them.
    const least = total + Math.log((1 - p) / (2 * scores.length));
    const likely: number[] = [];
    for (let i = 0; i < scores.length; i++) if (scores[i]! >= least) likely.push(scores[i]!);
    const ranked = Float32Array.from(likely).sort();
    let place = ranked.length;
    // The one that reaches p is kept, and the likeliest in any case.
    for (let sum = 0; place > 0 && sum < p; ) sum += Math.exp(ranked[--place]! - total);
    const lowest = ranked[place]!;
    // Of equals the first are kept.
    let equals = ranked.subarray(place).lastIndexOf(lowest) + 1;
    for (let i = 0; i < scores.length; i++) {
      const keeps = scores[i]! > lowest || (scores[i] === lowest && equals-- > 0);
      if (!keeps) scores[i] = -Infinity;
    }
  };
}
