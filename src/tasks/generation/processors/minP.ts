import type { LogitsProcessor } from '../logitsProcessor.ts';

/** Keeps what is at least `share` times as likely as the likeliest. Nguyen et al., "Min-p Sampling". */
export function minP(share: number): LogitsProcessor {
  return (_, scores) => {
    const highest = scores.reduce((a, b) => Math.max(a, b), -Infinity);
    const lowest = highest + Math.log(share);
    for (let i = 0; i < scores.length; i++) if (scores[i]! < lowest) scores[i] = -Infinity;
  };
}
