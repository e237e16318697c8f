import { highestOf, type LogitsProcessor, ruleOutBelow } from '../logitsProcessor.ts';

/** Keeps what is at least `share` times as likely as the likeliest. Nguyen et al., "Min-p Sampling". */
export function minP(share: number): LogitsProcessor {
  return (_, scores) => {
    ruleOutBelow(scores, highestOf(scores) + Math.log(share));
    return undefined;
  };
}
