import type { LogitsProcessor } from '../logitsProcessor.ts';

/** Leaves one token alone at a place after the prompt: 0 is the first, -1 the last there may be. */
export function forcedToken(id: number, place: 0 | -1): LogitsProcessor {
  return (ids, scores, { promptLength, maxNewTokens }) => {
    const next = ids.length - promptLength;
    if (next !== (place === 0 ? 0 : maxNewTokens - 1)) return;
    scores.fill(-Infinity);
    scores[id] = 0;
  };
}
