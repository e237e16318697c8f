import { throwIfAborted } from '../core/errors.ts';
import { yieldToEventLoop } from '../core/progress.ts';
import { type MergeCandidate, MergeQueue } from './mergeQueue.ts';
import type { SymbolTable } from './symbolTable.ts';

/** How a {@link MergeLearner} counts, breaks ties and builds new tokens. */
export interface MergeLearnerOptions {
  /** The token that `left` followed by `right` becomes. */
  readonly join: (left: string, right: string) => string;
  /**
   * Breaks ties between equally frequent pairs: the pair whose tokens have the greater keys is
   * merged first, as in CS336. Without it the pair of lower ids is, as in HF's trainers.
   */
  readonly sortKey?: (token: string) => string;
  /**
   * `exact`: counts are always the true number of occurrences (Sennrich et al., CS336).
   * `perCandidate`: HF's bookkeeping. A merged pair keeps its count, and words in which the pair
   * arises later wait in a candidate of their own. It differs where one token can be built in two
   * ways (`##i ##ng`, `##in ##g`), and only following it gives HF's vocabulary.
   */
  readonly counting: 'exact' | 'perCandidate';
}

/** Merges between two turns of the event loop: a few milliseconds of work. */
const MERGES_PER_TURN = 64;

/** A pair of ids as one number, exact while ids stay below 2^26. */
const PAIR_BASE = 2 ** 26;

/**
 * Learns BPE merges: the most frequent pair of neighbouring symbols becomes one symbol, again and
 * again. Only the words that hold a merged pair are touched, and only their pairs recounted.
 *
 * Source: Sennrich et al. 2016 (https://arxiv.org/abs/1508.07909), with the lazy queue of HF's
 * `BpeTrainer`.
 */
export class MergeLearner {
  /** The merges in the order they were learnt, as texts. */
  readonly merges: [string, string][] = [];
  readonly #symbols: SymbolTable;
  readonly #options: MergeLearnerOptions;
  /** Each word's symbols, and how often the word occurs. */
  readonly #words: number[][];
  readonly #wordCounts: readonly number[];
  /** Pairs by number: ids, count, and the words that (may) hold it. */
  readonly #pairOf = new Map<number, number>();
  readonly #left: number[] = [];
  readonly #right: number[] = [];
  readonly #counts: number[] = [];
  #waiting = new Map<number, number[]>();
  readonly #places: number[][] = [];
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
    options: MergeLearnerOptions,
  ) {
    this.#symbols = symbols;
    this.#words = words;
    this.#wordCounts = wordCounts;
    this.#options = options;
    this.#queue = new MergeQueue(options.sortKey ? this.#greaterKeys : this.#lowerIds);
    for (let word = 0; word < words.length; word++) {
      const ids = words[word]!;
      for (let i = 1; i < ids.length; i++) this.#change(ids[i - 1]!, ids[i]!, word, 1);
    }
    this.#enqueueWaiting();
  }

  /**
   * Merges until the vocabulary has `vocabSize` entries or no pair occurs `minFrequency` times.
   *
   * @param onMerge called now and then with the size of the vocabulary.
   */
  async learn(
    vocabSize: number,
    minFrequency: number,
    {
      signal,
      onMerge,
    }: { signal?: AbortSignal | undefined; onMerge?: (size: number) => void } = {},
  ): Promise<void> {
    let untilTurn = MERGES_PER_TURN;
    while (this.#symbols.size < vocabSize) {
      const best = this.#nextCandidate();
      if (best === undefined || best.count < Math.max(1, minFrequency)) break;
      this.#merge(best);
      if (--untilTurn === 0) {
        untilTurn = MERGES_PER_TURN;
        onMerge?.(this.#symbols.size);
        await yieldToEventLoop();
        throwIfAborted(signal, 'Training the tokenizer');
      }
    }
  }

  /** The most frequent pair. Counts in the queue may be old: those are corrected and put back. */
  #nextCandidate(): MergeCandidate | undefined {
    for (;;) {
      const top = this.#queue.pop();
      if (top === undefined) return undefined;
      const count = this.#counts[top.pair]!;
      if (top.count === count) return top;
      top.count = count;
      if (count > 0) this.#queue.push(top);
    }
  }

  #merge({ pair, words }: MergeCandidate): void {
    const left = this.#left[pair]!;
    const right = this.#right[pair]!;
    const { join, counting } = this.#options;
    const leftText = this.#symbols.text(left);
    const rightText = this.#symbols.text(right);
    const merged = this.#symbols.add(join(leftText, rightText));
    this.merges.push([leftText, rightText]);
    // Taken before the loop: an exact candidate shares its list, which the merge may grow.
    const listed = words.length;
    for (let i = 0; i < listed; i++) this.#mergeInWord(words[i]!, left, right, merged);
    if (counting === 'exact') {
      this.#counts[pair] = 0;
      words.length = 0;
    }
    this.#enqueueWaiting();
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
        this.#change(before, left, word, -1);
        this.#change(before, merged, word, 1);
      }
      if (i + 2 < ids.length) {
        const after = ids[i + 2]!;
        this.#change(right, after, word, -1);
        this.#change(merged, after, word, 1);
      }
      ids[length++] = merged;
      i++;
    }
    ids.length = length;
  }

  /** Counts `sign` more occurrences of a pair in `word`, weighted by how often the word occurs. */
  #change(left: number, right: number, word: number, sign: 1 | -1): void {
    const key = left * PAIR_BASE + right;
    let pair = this.#pairOf.get(key);
    if (pair === undefined) {
      pair = this.#counts.length;
      this.#pairOf.set(key, pair);
      this.#left.push(left);
      this.#right.push(right);
      this.#counts.push(0);
      this.#places.push([]);
    }
    this.#counts[pair]! += sign * this.#wordCounts[word]!;
    if (sign < 0) return;
    let places = this.#waiting.get(pair);
    if (places === undefined) {
      places = this.#options.counting === 'exact' ? this.#places[pair]! : [];
      this.#waiting.set(pair, places);
    }
    if (places[places.length - 1] !== word) places.push(word);
  }

  /** Queues the pairs that arose since the last time. */
  #enqueueWaiting(): void {
    for (const [pair, words] of this.#waiting) {
      const count = this.#counts[pair]!;
      if (count > 0) this.#queue.push({ pair, count, words });
    }
    this.#waiting = new Map();
  }

  readonly #lowerIds = (a: number, b: number): boolean => {
    const difference = this.#left[a]! - this.#left[b]!;
    return difference !== 0 ? difference < 0 : this.#right[a]! < this.#right[b]!;
  };

  readonly #greaterKeys = (a: number, b: number): boolean => {
    const leftA = this.#sortKey(this.#left[a]!);
    const leftB = this.#sortKey(this.#left[b]!);
    if (leftA !== leftB) return leftA > leftB;
    return this.#sortKey(this.#right[a]!) > this.#sortKey(this.#right[b]!);
  };

  #sortKey(id: number): string {
    let key = this.#sortKeys[id];
    if (key === undefined) {
      const text = this.#symbols.text(id);
      key = this.#options.sortKey?.(text) ?? text;
      this.#sortKeys[id] = key;
    }
    return key;
  }
}
