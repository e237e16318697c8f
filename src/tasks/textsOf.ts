import { AnyformerError, show } from '../core/errors.ts';

/** One text or many as a list. @param what they are called. */
export function textsOf(where: string, input: unknown, what = 'text'): readonly string[] {
  if (typeof input === 'string') return [input];
  if (Array.isArray(input)) return input;
  throw new AnyformerError(
    'INVALID_DATA',
    `${where} takes a ${what} or a list of ${what}s, received ${show(input)}.`,
  );
}

/** @throws AnyformerError `INVALID_DATA` naming the position of what is not a string. */
export function checkTexts(texts: readonly unknown[]): readonly string[] {
  // By index: a hole in the list is no text, either.
  for (let position = 0; position < texts.length; position++) {
    const text = texts[position];
    if (typeof text === 'string') continue;
    throw new AnyformerError(
      'INVALID_DATA',
      `The text at position ${position} is ${show(text)}, not a string; convert it or leave it out.`,
    );
  }
  return texts as readonly string[];
}
