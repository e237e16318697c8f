import { throwIfAborted } from '../core/errors.ts';
import type { TextExample } from './labels.ts';

/** Labelled texts: a list, or something to be read one after the other, such as a file's rows. */
export type TextExamples = readonly TextExample[] | AsyncIterable<TextExample>;

/**
 * Reads what is to be read: all of it, since a vocabulary is made of all texts and every epoch has an
 * order of its own. What is no iterable is returned as it is; the caller checks it.
 *
 * @param what is being done, for the message of an abort: `Training`.
 */
export async function collectExamples(
  examples: unknown,
  what: string,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  if (typeof examples !== 'object' || examples === null || !(Symbol.asyncIterator in examples)) {
    return examples;
  }
  const list: unknown[] = [];
  for await (const example of examples as AsyncIterable<unknown>) {
    throwIfAborted(signal, what);
    list.push(example);
  }
  return list;
}
