/** A pair of neighbouring symbols that may become the next merge. */
export interface MergeCandidate {
  /** Number of the pair, as its owner counts them. */
  readonly pair: number;
  /** How often it occurred when it was queued. */
  count: number;
}

/**
 * A binary max-heap of merge candidates: the highest count first, ties as `precedes` says.
 *
 * Counts are those of the time of queueing: the code that pops compares with the present count and
 * queues again, which is cheaper than moving entries with every change.
 */
export class MergeQueue {
  readonly #heap: MergeCandidate[] = [];
  readonly #precedes: (a: number, b: number) => boolean;

  /** @param precedes whether pair `a` comes before pair `b` when their counts are equal. */
  constructor(precedes: (a: number, b: number) => boolean) {
    this.#precedes = precedes;
  }

  get size(): number {
    return this.#heap.length;
  }

  push(candidate: MergeCandidate): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(candidate, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = candidate;
  }

  /** Takes the first candidate out; undefined when there is none. */
  pop(): MergeCandidate | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) this.#sink(last);
    return top;
  }

  /** Lets `candidate` fall from the root to its place. */
  #sink(candidate: MergeCandidate): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!this.#isBefore(heap[child]!, candidate)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = candidate;
  }

  #isBefore(a: MergeCandidate, b: MergeCandidate): boolean {
    return a.count !== b.count ? a.count > b.count : this.#precedes(a.pair, b.pair);
  }
}
