import { type LogitsProcessor, logSumExp } from '../logitsProcessor.ts';

/**
 * Keeps the tokens whose surprise is nearest to the expected one, until their probabilities add up to
 * `mass`. Meister et al., "Locally Typical Sampling".
 */
export function typicalP(mass: number): LogitsProcessor {
  return (_, scores) => {
    const total = logSumExp(scores);
    const logs = Float64Array.from(scores, (score) => score - total);
    let entropy = 0;
    for (const log of logs) if (log !== -Infinity) entropy -= log * Math.exp(log);
    const distances = logs.map((log) => Math.abs(-log - entropy));
    const nearest = Array.from(logs.keys())
      .filter((i) => logs[i] !== -Infinity)
      .sort((a, b) => distances[a]! - distances[b]! || a - b);
    let sum = 0;
    let farthest = 0;
    for (const i of nearest) {
      farthest = distances[i]!;
      sum += Math.exp(logs[i]!);
      if (sum >= mass) break;
    }
    for (let i = 0; i < scores.length; i++) if (!(distances[i]! <= farthest)) scores[i] = -Infinity;
  };
}
