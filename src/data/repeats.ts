/**
 * The form in which two texts count as the same: Unicode NFKC, lower case, runs of white space as
 * one space, none at the ends.
 *
 * @returns a key to compare. It is not a text to show or to train on.
 *
 * @example
 * textKey(' Hello\n WORLD ') === textKey('hello world'); // true
 *
 * @see https://unicode.org/reports/tr15/
 */
export function textKey(text: string): string {
  // Lower case can leave letters apart that NFKC joins, such as a j with its caron: hence twice.
  const folded = text.normalize('NFKC').toLowerCase().normalize('NFKC');
  return folded.replace(/\s+/g, ' ').trim();
}

/**
 * Numbers texts so that repeats of a text share a number.
 *
 * @param texts N texts.
 * @returns (N): int32, group numbers from 0 in order of appearance. Texts with the same
 *   {@link textKey} are one group.
 *
 * @example
 * groupRepeats(['Yes', 'no', 'yes ']); // Int32Array [0, 1, 0]
 */
export function groupRepeats(texts: readonly string[]): Int32Array {
  const groups = new Map<string, number>();
  return Int32Array.from(texts, (text) => {
    const key = textKey(text);
    const group = groups.get(key) ?? groups.size;
    groups.set(key, group);
    return group;
  });
}
