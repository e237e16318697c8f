import { AnyformerError, show } from '../core/errors.ts';
import { mixSeeds, Random } from '../core/random.ts';

export interface BucketBatchesOptions {
  /** Tokens of each example. */
  readonly lengths: ArrayLike<number>;
  readonly batchSize: number;
  readonly seed: number;
  /** Each epoch has an order of its own. */
  readonly epoch: number;
  /** Batches in one window: larger pads less, smaller mixes more. 50 by default, as HF's sampler. */
  readonly windowBatches?: number;
}

/**
 * Batches of examples of similar length in random order, so that padding each batch to its longest
 * example pads little: shuffle, sort by length inside of windows of `windowBatches` batches, cut,
 * shuffle the batches. Every example comes once; the last batch may be smaller.
 *
 * A pure function of its options: the batches of any epoch are known without those before, which is
 * what lets a resumed training go on exactly.
 *
 * @returns batches of indices.
 *
 * @example
 * const batches = bucketBatches({ lengths, batchSize: 32, seed: 1, epoch: 0 });
 *
 * @see LengthGroupedSampler in huggingface/transformers (`group_by_length`)
 */
export function bucketBatches({
  lengths,
  batchSize,
  seed,
  epoch,
  windowBatches = 50,
}: BucketBatchesOptions): Int32Array[] {
  checkCount('batchSize', batchSize);
  checkCount('windowBatches', windowBatches);
  const random = new Random(mixSeeds(seed, epoch));
  const order = random.shuffle(indicesOf(lengths));
  const window = batchSize * windowBatches;
  for (let start = 0; start < order.length; start += window) {
    sortByLength(order.subarray(start, start + window), lengths);
  }
  return random.shuffle(cut(order, batchSize));
}

/**
 * Batches by length, longest first, for work whose order does not matter to the result: predict and
 * evaluate. The first batch takes the most memory, so what does not fit fails at once.
 *
 * @returns batches of indices: they say where each result belongs.
 *
 * @example
 * for (const batch of lengthSortedBatches(lengths, 32)) {
 *   const scores = await run(batch);
 *   batch.forEach((index, i) => { results[index] = scores[i]; });
 * }
 */
export function lengthSortedBatches(lengths: ArrayLike<number>, batchSize: number): Int32Array[] {
  checkCount('batchSize', batchSize);
  const order = indicesOf(lengths);
  sortByLength(order, lengths);
  return cut(order, batchSize);
}

function indicesOf(lengths: ArrayLike<number>): Int32Array {
  return Int32Array.from({ length: lengths.length }, (_, index) => index);
}

/** Longest first; of equal length in the order they had, as typed arrays sort stably. */
function sortByLength(indices: Int32Array, lengths: ArrayLike<number>): void {
  indices.sort((a, b) => lengths[b]! - lengths[a]!);
}

function cut(order: Int32Array, batchSize: number): Int32Array[] {
  const batches: Int32Array[] = [];
  for (let start = 0; start < order.length; start += batchSize) {
    batches.push(order.slice(start, start + batchSize));
  }
  return batches;
}

function checkCount(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `${name} must be a positive integer, received ${show(value)}.`,
  );
}
