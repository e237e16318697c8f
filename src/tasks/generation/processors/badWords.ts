import type { LogitsProcessor } from '../logitsProcessor.ts';

/** Rules out the last token of each of the words where all before it stands there. */
export function badWords(words: readonly (readonly number[])[]): LogitsProcessor {
  return (ids, scores) => {
    for (const word of words) {
      const begin = ids.length - (word.length - 1);
      if (begin < 0 || !word.slice(0, -1).every((id, i) => ids[begin + i] === id)) continue;
      scores[word.at(-1)!] = -Infinity;
    }
  };
}
