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
