import { AnyformerError, show, throwIfAborted } from '../core/errors.ts';

/** A text and what it becomes: its translation, its summary, its pronunciation. */
export interface TextPair {
  readonly source: string;
  readonly target: string;
}

/** Pairs, or both texts of each in an array. */
export type PairInput = TextPair | readonly [source: string, target: string];

/**
 * Collects and checks pairs of texts.
 *
 * @param where who asks, for the message: `Translator.train`.
 * @throws AnyformerError `INVALID_DATA` with the index and the value of the first bad pair, and for
 *   none at all.
 */
export async function collectPairs(
  pairs: Iterable<PairInput> | AsyncIterable<PairInput>,
  where: string,
  signal?: AbortSignal,
): Promise<TextPair[]> {
  const isList = typeof pairs === 'object' && pairs !== null && isIterable(pairs);
  if (!isList) {
    throw new AnyformerError(
      'INVALID_DATA',
      `${where} takes { source, target } pairs as an array or an AsyncIterable, or the path of a file, a File or a Blob, received ${show(pairs)}.`,
    );
  }
  const result: TextPair[] = [];
  for await (const pair of pairs) {
    throwIfAborted(signal, 'Reading the pairs');
    result.push(checkPair(pair, result.length, where));
  }
  if (result.length > 0) return result;
  throw new AnyformerError(
    'INVALID_DATA',
    `${where} received no pairs; pass at least one { source, target }.`,
  );
}

function isIterable(value: object): boolean {
  return Symbol.iterator in value || Symbol.asyncIterator in value;
}

function checkPair(pair: unknown, index: number, where: string): TextPair {
  const refuse = (reason: string) =>
    new AnyformerError('INVALID_DATA', `${where}: pair ${index}${reason}.`);
  if (typeof pair !== 'object' || pair === null) {
    throw refuse(` must be { source, target }, is ${show(pair)}`);
  }
  if (Array.isArray(pair) && pair.length !== 2) {
    throw refuse(` must have two texts, has ${pair.length}`);
  }
  const { source, target } = Array.isArray(pair)
    ? { source: pair[0] as unknown, target: pair[1] as unknown }
    : (pair as Record<string, unknown>);
  for (const [name, text] of Object.entries({ source, target })) {
    if (typeof text !== 'string') throw refuse(`: ${name} must be a string, is ${show(text)}`);
    if (text.trim() === '') throw refuse(`: ${name} is empty; leave such pairs out`);
  }
  return { source, target } as TextPair;
}
