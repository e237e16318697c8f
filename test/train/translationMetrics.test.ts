import { describe, expect, it } from 'vitest';
import { corpusBleu, tokenize13a } from '../../src/train/bleu.ts';
import { corpusChrf } from '../../src/train/chrf.ts';

// The example of sacreBLEU's README, with the figures that stand there.
const hypotheses = [
  'The dog bit the man.',
  "It wasn't surprising.",
  'The man had just bitten him.',
];
const references = [
  ['The dog bit the man.', 'The dog had bit the man.'],
  ['It was not unexpected.', 'No one was surprised.'],
  ['The man bit him first.', 'The man had bitten the dog.'],
];

describe('corpusBleu', () => {
  it('is what sacreBLEU says of its example: 48.53', () => {
    expect(corpusBleu(hypotheses, references)).toBeCloseTo(48.530827, 5);
  });

  it('counts n-grams of the whole corpus together', () => {
    // 1-grams 5/6, 2-grams 3/5, 3-grams 2/4, 4-grams 1/3; as long as the reference.
    const expected = 100 * ((5 / 6) * (3 / 5) * (2 / 4) * (1 / 3)) ** 0.25;
    expect(corpusBleu(['a b c d x f'], ['a b c d e f'])).toBeCloseTo(expected, 10);
  });

  it('smooths orders without a match, and takes off for brevity', () => {
    // 1-grams 4/4, 2-grams 2/3, then 1/(2*2) and 1/(4*1); 4 words for 5.
    const expected = 100 * Math.exp(1 - 5 / 4) * (1 * (2 / 3) * (1 / 4) * (1 / 4)) ** 0.25;
    expect(corpusBleu(['a b d e'], ['a b c d e'])).toBeCloseTo(expected, 10);
  });

  it('is 100 for the references, and 0 for nothing in common, nothing at all and three words', () => {
    const same = references.map((list) => list[0]!);
    expect(corpusBleu(same, same)).toBeCloseTo(100, 10);
    expect(corpusBleu(['a b c d'], ['e f g h'])).toBe(0);
    expect(corpusBleu([''], ['e f g h'])).toBe(0);
    expect(corpusBleu(['a b c'], ['a b c'])).toBe(0);
  });
});

it.each([
  [
    'The man, 3,000.50 years old (ca.), said: "no".',
    'The man , 3,000.50 years old ( ca . ) , said : " no " .',
  ],
  ["It wasn't 5-6 co-workers&amp;c; 7.", "It wasn't 5 - 6 co-workers & c ; 7 ."],
  ['¿Qué? A&lt;b .5', '¿Qué ? A < b . 5'],
])('tokenize13a parts %s', (text, expected) => {
  expect(tokenize13a(text).join(' ')).toBe(expected);
});

describe('corpusChrf', () => {
  it('is what sacreBLEU says of its example: 59.73', () => {
    expect(corpusChrf(hypotheses, references).toFixed(2)).toBe('59.73');
  });

  it('weighs recall twice, over the orders that there are', () => {
    // 1-grams: 2 of 2 and 2 of 3; 2-grams: 1 of 1 and 1 of 2; the others are none of the hypothesis.
    const [p, r] = [1, (2 / 3 + 1 / 2) / 2];
    expect(corpusChrf(['a b'], ['abc'])).toBeCloseTo((500 * p * r) / (4 * p + r), 10);
  });

  it('is 100 for the reference and 0 for nothing in common', () => {
    expect(corpusChrf(['Qué tal?'], ['Qué  tal?'])).toBeCloseTo(100, 10);
    expect(corpusChrf(['ab'], ['cd'])).toBe(0);
    expect(corpusChrf([''], ['cd'])).toBe(0);
  });
});
