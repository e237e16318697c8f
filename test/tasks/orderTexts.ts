import { Random } from '../../src/core/random.ts';

/**
 * Texts whose label is which of two words comes first, with others between: the n-grams of words and
 * characters are the same under both labels, so that only a model that sees positions can tell.
 */
export function orderTexts(count: number, seed = 1): { text: string; label: string }[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, n) => {
    const words = Array.from({ length: 12 }, () => ['x', 'y', 'z'][random.below(3)]!);
    const [first, second] = n % 2 ? (['sun', 'ice'] as const) : (['ice', 'sun'] as const);
    words[2 + random.below(3)] = first;
    words[7 + random.below(3)] = second;
    return { text: words.join(' '), label: first };
  });
}

/** Half of them; the other half have a word nobody has seen, whose beginning tells the label. */
export function mixedTexts(count: number, seed = 1): { text: string; label: string }[] {
  const random = new Random(seed);
  return orderTexts(count, seed).map((row, n) => {
    if (n % 4 < 2) return row;
    const tail = Array.from({ length: 5 }, () => String.fromCharCode(97 + random.below(26)));
    const word = `${row.label === 'sun' ? 'helio' : 'glaci'}${tail.join('')}`;
    const words = row.text.split(' ').map((other) => (other.length > 1 ? 'x' : other));
    words[5] = word;
    return { text: words.join(' '), label: row.label };
  });
}
