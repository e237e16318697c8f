import { type LogitsProcessor, ruleOutBelow } from '../logitsProcessor.ts';

/** Keeps the k highest scores, and what equals the last of them. Fan et al., 2018. */
export function topK(k: number): LogitsProcessor {
  return (_, scores) => {
    if (k < scores.length) ruleOutBelow(scores, kthHighest(scores, k));
  };
}

function kthHighest(scores: Float32Array, k: number): number {
  // The k highest so far, the lowest of them first: few of a large vocabulary get in.
  const heap = new Float32Array(k).fill(-Infinity);
  for (let i = 0; i < scores.length; i++) {
    if (scores[i]! > heap[0]!) replaceLowest(heap, scores[i]!);
  }
  return heap[0]!;
}

function replaceLowest(heap: Float32Array, score: number): void {
  let place = 0;
  for (let child = 1; child < heap.length; child = 2 * place + 1) {
    if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
    if (heap[child]! >= score) break;
    heap[place] = heap[child]!;
    place = child;
  }
  heap[place] = score;
}
