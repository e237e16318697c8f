import { UsageError } from './usageError.ts';

/** @throws UsageError for what is no number of texts. */
export function batchSizeOf(given: number | undefined, usual: number): number {
  const size = given ?? usual;
  if (Number.isSafeInteger(size) && size >= 1) return size;
  throw new UsageError(`--batch-size must be a positive integer, received ${size}.`);
}

/** What arrives, so many at a time. */
export async function* batchesOf<T>(items: Iterable<T> | AsyncIterable<T>, size: number) {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
