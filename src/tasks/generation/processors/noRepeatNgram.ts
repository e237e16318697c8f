import type { LogitsProcessor } from '../logitsProcessor.ts';

/** Rules out what would repeat `size` tokens that have stood in a row already. */
export function noRepeatNgram(size: number): LogitsProcessor {
  return (ids, scores) => {
    const begin = ids.length - size + 1;
    if (begin < 0) return;
    for (let i = 0; i + size <= ids.length; i++) {
      let k = 0;
      while (k < size - 1 && ids[i + k] === ids[begin + k]) k++;
      if (k === size - 1) scores[ids[i + k]!] = -Infinity;
    }
  };
}
