import { Random } from '../../src/core/random.ts';
import type { TextPair } from '../../src/data/pairs.ts';
import type { TranslatorOptions } from '../../src/tasks/translatorOptions.ts';

const NAMES = ['zero', 'one', 'two', 'three', 'four', 'five'];

/** One to four digits, and their names from the last to the first. */
export function toyPairs(count: number, seed = 1): TextPair[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const digits = Array.from({ length: 1 + random.below(4) }, () => random.below(NAMES.length));
    const names = digits.map((digit) => NAMES[digit]!).reverse();
    return { source: digits.join(' '), target: names.join(' ') };
  });
}

/** A translator that learns the toy pairs in a few seconds. */
export const TINY_TRANSLATOR = {
  maxLength: 16,
  sourceTokenizer: { type: 'characters' },
  targetTokenizer: { type: 'wordpiece', vocabSize: 60 },
  model: { hiddenSize: 32, numAttentionHeads: 4, intermediateSize: 64, dropout: 0 },
  seed: 1,
} as const satisfies TranslatorOptions;

export const FIT_TRANSLATOR = { batchSize: 16, learningRate: 4e-3, seed: 1 } as const;
