import type { LogitsProcessor } from '../logitsProcessor.ts';

/** Rules out the end tokens before there are so many tokens after the prompt. */
export function minNewTokens(least: number, ends: readonly number[]): LogitsProcessor {
  return (ids, scores, { promptLength }) => {
    if (ids.length - promptLength >= least) return;
    for (const id of ends) scores[id] = -Infinity;
  };
}
