import { type LogitsProcessor, logSumExp } from '../logitsProcessor.ts';

/**
 * Keeps the tokens whose surprise is nearest to the expected one, until their probabilities add up to
 * `mass`. Meister et al., "Locally Typical Sampling".
 */
export function typicalP(mass: number): LogitsProcessor {
  return (_, scores) => {
    const total = logSumExp(scores);
    let entropy = 0;
    for (let i = 0; i < scores.length; i++) {
      if (scores[i] === -Infinity) continue;
      const log = scores[i]! - total;
      entropy -= log * Math.exp(log);
    }
    const distanceOf = (i: number) => Math.abs(total - scores[i]! - entropy);
    // Farther away than what is certain there are only tokens that all together are less likely than
    // 1 - mass, from some surprise on.
    const bound = Math.max(entropy, Math.log((2 * scores.length) / (1 - mass)) - entropy);
    const near: { distance: number; log: number }[] = [];
    for (let i = 0; i < scores.length; i++) {
      if (scores[i] === -Infinity || distanceOf(i) > bound) continue;
      near.push({ distance: distanceOf(i), log: scores[i]! - total });
    }
    near.sort((a, b) => a.distance - b.distance);
    let sum = 0;
    let farthest = 0;
    for (const { distance, log } of near) {
      farthest = distance;
      sum += Math.exp(log);
      if (sum >= mass) break;
    }
    for (let i = 0; i < scores.length; i++) if (!(distanceOf(i) <= farthest)) scores[i] = -Infinity;
  };
}
