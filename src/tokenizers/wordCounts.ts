import { AnyformerError, show, throwIfAborted } from '../core/errors.ts';
import { type OnProgress, ProgressClock, yieldToEventLoop } from '../core/progress.ts';

/** Characters read between two turns of the event loop: some tens of milliseconds. */
const CHARACTERS_PER_TURN = 1 << 20;

/**
 * Counts the pieces of text that `split` finds: what every trainer starts from.
 *
 * @param texts the corpus; async sources are read one text at a time and never held in memory.
 * @throws AnyformerError `INVALID_DATA` for a text that is not a string and for an empty corpus,
 *   `ABORTED` by the signal.
 */
export async function countWords(
  texts: Iterable<string> | AsyncIterable<string>,
  split: (text: string) => Iterable<string>,
  { signal, onProgress }: { signal?: AbortSignal | undefined; onProgress?: OnProgress | undefined },
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const clock = new ProgressClock();
  const totalSteps = Array.isArray(texts) ? texts.length : undefined;
  let step = 0;
  let untilTurn = CHARACTERS_PER_TURN;
  throwIfAborted(signal, 'Training the tokenizer');
  for await (const text of checkedTexts(texts)) {
    for (const word of split(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
    step++;
    untilTurn -= text.length + 1;
    if (untilTurn > 0) continue;
    untilTurn = CHARACTERS_PER_TURN;
    onProgress?.(clock.progress({ phase: 'read', step, totalSteps }));
    await yieldToEventLoop();
    throwIfAborted(signal, 'Training the tokenizer');
  }
  if (counts.size === 0) throw noWords(step);
  return counts;
}

/** What is thrown when the texts hold nothing to learn from. */
export function noWords(texts?: number): AnyformerError {
  const received = texts === 0 ? 'no texts' : 'texts without a word';
  return new AnyformerError(
    'INVALID_DATA',
    `A tokenizer cannot be trained on ${received}; pass at least one text with words in it.`,
  );
}

async function* checkedTexts(texts: unknown): AsyncGenerator<string> {
  if (typeof texts === 'string' || !isIterable(texts)) {
    throw new AnyformerError(
      'INVALID_DATA',
      `The texts to train a tokenizer on must be an array or another (async) iterable of strings, received ${show(texts)}${typeof texts === 'string' ? '; put it into an array' : ''}.`,
    );
  }
  let position = 0;
  for await (const text of texts) {
    if (typeof text !== 'string') {
      throw new AnyformerError(
        'INVALID_DATA',
        `The text at position ${position} is ${show(text)}, not a string; leave such rows out or convert them.`,
      );
    }
    yield text;
    position++;
  }
}

function isIterable(value: unknown): value is Iterable<unknown> | AsyncIterable<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    (Symbol.iterator in value || Symbol.asyncIterator in value)
  );
}
