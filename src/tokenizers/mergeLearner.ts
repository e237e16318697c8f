import { throwIfAborted } from '../core/errors.ts';
import { type OnProgress, ProgressClock, yieldToEventLoop } from '../core/progress.ts';
import { type MergeCandidate, MergeQueue } from './mergeQueue.ts';
import type { SymbolTable } from './symbolTable.ts';

/** How a {@link MergeLearner} builds new tokens and breaks ties. */
export interface MergeRule {
  /** The token that `left` followed by `right` becomes. */
  readonly join: (left: string, right: string) => string;
  /**
   * Of equally frequent pairs the one whose tokens have the greater keys is merged first.
   * Without keys it is the pair of lower ids.
   */
  readonly sortKey?: (token: string) => string;
}

/** Merges between two turns of the event loop: some milliseconds of work. */
const MERGES_PER_TURN = 64;

/** A pair of ids as one number, exact while ids stay below 2^26. */
const PAIR_BASE = 2 ** 26;

/**
 * Learns BPE merges: the most frequent pair of neighbouring symbols becomes one symbol, again and
 * again. Only the words that hold the merged pair are touched, and only their pairs recounted.
 *
 * Source: Sennrich et al. 2016 (https://arxiv.org/abs/1508.07909), with a lazy queue as in HF's
 * `BpeTrainer`.
 */
export class MergeLearner {
  /** The merges in the order they were learnt. */
  readonly merges: [left: string, right: string][] = [];
  readonly #symbols: SymbolTable;
  readonly #rule: MergeRule;
  readonly #words: number[][];
  readonly #wordCounts: readonly number[];
  // Pairs by number: their ids, how often they occur, and the words that hold or once held them.
  readonly #pairs = new Map<number, number>();
  readonly #left: number[] = [];
  readonly #right: number[] = [];
  readonly #counts: number[] = [];
  readonly #places: number[][] = [];
  /** Pairs with new occurrences since the queue was last filled. */
  readonly #risen = new Set<number>();
  readonly #sortKeys: string[] = [];
  readonly #queue: MergeQueue;

  /**
   * @param symbols the vocabulary so far; new tokens are added to it.
   * @param words each distinct word as ids of `symbols`; changed in place.
   * @param wordCounts how often each word occurs.
   */
  constructor(
    symbols: SymbolTable,
    words: number[][],
    wordCounts: readonly number[],
    rule: MergeRule,
  ) {
    this.#symbols = symbols;
    this.#words = words;
    this.#wordCounts = wordCounts;
    this.#rule = rule;
    this.#queue = new MergeQueue(rule.sortKey ? this.#hasGreaterKeys : this.#hasLowerIds);
    for (let word = 0; word < words.length; word++) {
      const ids = words[word]!;
      for (let i = 1; i < ids.length; i++) this.#recount(ids[i - 1]!, ids[i]!, word, 1);
    }
    this.#queueRisen();
  }

  /**
   * Merges until the vocabulary has `vocabSize` entries or no pair occurs `minFrequency` times.
   *
   * @throws AnyformerError `ABORTED` by the signal.
   */
  async learn(
    vocabSize: number,
    minFrequency: number,
    {
      signal,
      onProgress,
    }: { signal?: AbortSignal | undefined; onProgress?: OnProgress | undefined } = {},
  ): Promise<void> {
    const clock = new ProgressClock();
    const start = this.#symbols.size;
    for (;;) {
      const goesOn = this.#mergeSome(vocabSize, Math.max(1, minFrequency));
      const step = this.#symbols.size;
      // A small corpus has no more to merge, and ends before the size that was asked for.
      const totalSteps = goesOn ? vocabSize : step;
      onProgress?.(clock.progress({ phase: 'tokenizer', step, totalSteps }, start));
      if (!goesOn) return;
      await yieldToEventLoop();
      throwIfAborted(signal, 'Training the tokenizer');
    }
  }

  /** One turn's worth of merges; false when there is nothing left to do. */
  #mergeSome(vocabSize: number, minFrequency: number): boolean {
    for (let i = 0; i < MERGES_PER_TURN; i++) {
      if (this.#symbols.size >= vocabSize) return false;
      const best = this.#popBest();
      if (best === undefined || best.count < minFrequency) return false;
      this.#merge(best.pair);
    }
    return true;
  }

  /** The most frequent pair. A candidate whose count has changed meanwhile is queued again. */
  #popBest(): MergeCandidate | undefined {
    for (;;) {
      const top = this.#queue.pop();
      if (top === undefined) return undefined;
      const count = this.#counts[top.pair]!;
      if (top.count === count) return top;
      top.count = count;
      if (count > 0) this.#queue.push(top);
    }
  }

  #merge(pair: number): void {
    const left = this.#left[pair]!;
    const right = this.#right[pair]!;
    const leftText = this.#symbols.text(left);
    const rightText = this.#symbols.text(right);
    const merged = this.#symbols.add(this.#rule.join(leftText, rightText));
    this.merges.push([leftText, rightText]);
    const places = this.#places[pair]!;
    this.#places[pair] = [];
    for (const word of places) this.#mergeInWord(word, left, right, merged);
    // Set, not subtracted: in 'aaa' the pair 'aa' is counted twice but merged once.
    this.#counts[pair] = 0;
    this.#queueRisen();
  }

  /** Replaces left right by merged, from the left, and recounts the neighbours. */
  #mergeInWord(word: number, left: number, right: number, merged: number): void {
    const ids = this.#words[word]!;
    let length = 0;
    for (let i = 0; i < ids.length; i++) {
      if (ids[i] !== left || ids[i + 1] !== right) {
        ids[length++] = ids[i]!;
        continue;
      }
      if (length > 0) {
        const before = ids[length - 1]!;
        this.#recount(before, left, word, -1);
        this.#recount(before, merged, word, 1);
      }
      if (i + 2 < ids.length) {
        const after = ids[i + 2]!;
        this.#recount(right, after, word, -1);
        this.#recount(merged, after, word, 1);
      }
      ids[length++] = merged;
      i++;
    }
    ids.length = length;
  }

  /** Counts one occurrence more or less of a pair in `word`, weighted by the word's own count. */
  #recount(left: number, right: number, word: number, sign: 1 | -1): void {
    const pair = this.#pairNumber(left, right);
    this.#counts[pair]! += sign * this.#wordCounts[word]!;
    if (sign < 0) return;
    this.#risen.add(pair);
    const places = this.#places[pair]!;
    // A word named twice does no harm, it only costs a look: the second time nothing is found.
    if (places[places.length - 1] !== word) places.push(word);
  }

  #pairNumber(left: number, right: number): number {
    const key = left * PAIR_BASE + right;
    let pair = this.#pairs.get(key);
    if (pair === undefined) {
      pair = this.#counts.length;
      this.#pairs.set(key, pair);
      this.#left.push(left);
      this.#right.push(right);
      this.#counts.push(0);
      this.#places.push([]);
    }
    return pair;
  }

  #queueRisen(): void {
    for (const pair of this.#risen) {
      const count = this.#counts[pair]!;
      if (count > 0) this.#queue.push({ pair, count });
    }
    this.#risen.clear();
  }

  readonly #hasLowerIds = (a: number, b: number): boolean => {
    const difference = this.#left[a]! - this.#left[b]!;
    return difference !== 0 ? difference < 0 : this.#right[a]! < this.#right[b]!;
  };

  readonly #hasGreaterKeys = (a: number, b: number): boolean => {
    const leftA = this.#sortKey(this.#left[a]!);
    const leftB = this.#sortKey(this.#left[b]!);
    if (leftA !== leftB) return leftA > leftB;
    return this.#sortKey(this.#right[a]!) > this.#sortKey(this.#right[b]!);
  };

  #sortKey(id: number): string {
    let key = this.#sortKeys[id];
    if (key === undefined) {
      const text = this.#symbols.text(id);
      key = this.#rule.sortKey?.(text) ?? text;
      this.#sortKeys[id] = key;
    }
    return key;
  }
}
