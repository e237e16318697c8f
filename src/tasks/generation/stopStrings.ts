import type { StoppingCriterion } from './generationOptions.ts';
import type { TextDecoding } from './incrementalText.ts';

/** Tokens of single bytes that a character can take. */
const MOST_BYTES = 4;

/** Ends a text with the token that completes one of the strings; the prompt does not count. */
export function stopAfterStrings(
  tokenizer: TextDecoding,
  strings: readonly string[],
): StoppingCriterion {
  const longest = Math.max(...strings.map(({ length }) => length));
  return (ids, { promptLength }) => {
    // A string that ends in the last token begins so far back at most.
    const first = Math.max(promptLength, ids.length - (longest + 1) * MOST_BYTES);
    const text = tokenizer.decode(ids.slice(first), { skipSpecialTokens: true });
    return strings.some((string) => text.includes(string));
  };
}
