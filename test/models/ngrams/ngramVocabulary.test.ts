import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowCount, type SparseRows, SparseRowsBuilder } from '../../../src/kernels/sparseRows.ts';
import { NgramCounter, type NgramVocabulary } from '../../../src/models/ngrams/ngramVocabulary.ts';
import { END, hashOfCharacters, hashOfWords, START } from './referenceNgrams.ts';

const USUAL = {
  wordNgrams: [1, 3],
  characterNgrams: [2, 5],
  lowercase: true,
  minFrequency: undefined,
  maxFeatures: 1_000_000,
} as const;
const WORDS = { ...USUAL, wordNgrams: [1, 1], characterNgrams: [0, 0] } as const;

type Config = ConstructorParameters<typeof NgramCounter>[0];

function counted(texts: readonly string[], config: Config, known?: NgramVocabulary) {
  const counter = new NgramCounter(config);
  for (const text of texts) counter.add(text);
  return counter.finish(known);
}

/** Rows as maps of a feature's hash number to its value. */
function maps({ starts, columns, values }: SparseRows, { hashes }: NgramVocabulary) {
  return Array.from(starts.subarray(1), (end, n) => {
    const row = new Map<number, number>();
    for (let k = starts[n]!; k < end; k++) row.set(hashes[columns[k]!]!, values[k]!);
    return row;
  });
}

function rowsOf(texts: readonly string[], vocabulary: NgramVocabulary): SparseRows {
  const rows = new SparseRowsBuilder();
  for (const text of texts) vocabulary.addRow(text, rows);
  return rows.finish();
}

/** A row by words. */
function expectRow(row: Map<number, number>, expected: Record<string, number>): void {
  expect(row.size).toBe(Object.keys(expected).length);
  for (const [word, value] of Object.entries(expected)) {
    expect(row.get(hashOfWords([word]))).toBeCloseTo(value, 6);
  }
}

const dot = (a: Map<number, number>, b: Map<number, number>) =>
  [...a].reduce((sum, [hash, value]) => sum + value * (b.get(hash) ?? 0), 0);

describe('tf-idf', () => {
  it('by hand', () => {
    // N = 3: 'sun' in 3 texts has ln(4/4) + 1, 'rain' in 2 ln(4/3) + 1, 'ice' in 1 ln(4/2) + 1.
    const texts = ['sun sun rain', 'Rain sun', 'sun ice'];
    const { vocabulary, rows, minFrequency } = counted(texts, WORDS);
    const idf = { sun: 1, rain: 1.2876820724517808, ice: 1.6931471805599454 };
    expect(minFrequency).toBe(1);
    expect(vocabulary.size).toBe(3);
    for (const [word, expected] of Object.entries(idf)) {
      const at = vocabulary.hashes.indexOf(hashOfWords([word]));
      expect(vocabulary.idf[at]).toBeCloseTo(expected, 6);
    }
    const [first, second, third] = maps(rows, vocabulary);
    // 'sun' twice counts 1 + ln 2.
    const norm = Math.hypot(1 + Math.LN2, idf.rain);
    expectRow(first!, { sun: (1 + Math.LN2) / norm, rain: idf.rain / norm });
    expectRow(second!, { sun: 0.6133556, rain: 0.7898069 });
    expectRow(third!, { sun: 0.5085424, ice: 0.861037 });
  });

  it('has words and characters of a norm of their own, each 1', () => {
    const { vocabulary, rows } = counted(['snow and ice', 'sun', '', '  '], USUAL);
    const [first, second, ...empty] = maps(rows, vocabulary);
    for (const row of [first!, second!]) expect(dot(row, row)).toBeCloseTo(2, 6);
    expect(empty.map(({ size }) => size)).toEqual([0, 0]);
    const characters = [...'sun'].length + 1;
    expect(second!.get(hashOfCharacters(' sun '))).toBeGreaterThan(0);
    expect(second!.get(hashOfWords([START, 'sun', END]))).toBeCloseTo(0.5, 6);
    expect(characters).toBe(4);
  });

  // scikit-learn 1.9: TfidfVectorizer(sublinear_tf=True, min_df=minFrequency) over the same n-grams of
  // words, and with analyzer='char_wb', ngram_range=(2, 5); dot products of the rows side by side.
  it.each([
    [
      1,
      60 + 115,
      [
        [2.0, 0.85463525, 0.44927736, 0.12151908],
        [0.85463525, 2.0, 0.1817535, 0.57071699],
        [0.44927736, 0.1817535, 2.0, 0.22833724],
        [0.12151908, 0.57071699, 0.22833724, 2.0],
      ],
    ],
    [
      2,
      12 + 67,
      [
        [2.0, 1.38706976, 1.02184699, 0.23100225],
        [1.38706976, 2.0, 0.33938557, 0.91112635],
        [1.02184699, 0.33938557, 2.0, 0.73628114],
        [0.23100225, 0.91112635, 0.73628114, 2.0],
      ],
    ],
  ])('is what scikit-learn computes, with a minFrequency of %i', (minFrequency, size, products) => {
    const texts = [
      'The film was good, so good',
      'the film was bad',
      'A good day in the town',
      'it was a bad bad day!',
    ];
    const { vocabulary, rows } = counted(texts, { ...USUAL, minFrequency });
    expect(vocabulary.size).toBe(size);
    const all = maps(rows, vocabulary);
    for (const [i, a] of all.entries()) {
      for (const [j, b] of all.entries()) expect(dot(a, b)).toBeCloseTo(products[i]![j]!, 5);
    }
    if (minFrequency === 1) return;
    // What of a new text is no feature is as if it were not there.
    const [row] = maps(rowsOf(['a good night in the film'], vocabulary), vocabulary);
    const expected = [1.4945595, 0.99027039, 1.35358163, 0.31371776];
    for (const [n, other] of all.entries()) expect(dot(row!, other)).toBeCloseTo(expected[n]!, 5);
  });
});

const arbitraryTexts = fc.array(
  fc
    .array(fc.constantFrom('sun', 'Sun', 'ice', 'a', 'rain!', '日本', '\n'), { maxLength: 8 })
    .map((words) => words.join(' ')),
  { minLength: 1, maxLength: 12 },
);

describe('the row of a text', () => {
  it('is the same in training and after it, bit for bit', () => {
    fc.assert(
      fc.property(arbitraryTexts, fc.constantFrom(1, 2, 3), (texts, minFrequency) => {
        const { vocabulary, rows } = counted(texts, { ...USUAL, minFrequency });
        expect(rowsOf(texts, vocabulary)).toEqual(rows);
        expect(rowCount(rows)).toBe(texts.length);
      }),
    );
  });

  it('is shorter for new n-grams where every n-gram of training is a feature', () => {
    const { vocabulary } = counted(['sun sun rain', 'rain sun', 'sun ice'], WORDS);
    const [row] = maps(rowsOf(['sun storm storm cloud'], vocabulary), vocabulary);
    // A new word counts as the rarest known one, 'ice'.
    const rarest = 1 + Math.LN2;
    expectRow(row!, { sun: 1 / Math.hypot(1, (1 + Math.LN2) * rarest, rarest) });
    const [unknown] = maps(rowsOf(['storm'], vocabulary), vocabulary);
    expect(unknown!.size).toBe(0);
  });

  it('is of norm 1 where rare n-grams are no features', () => {
    const texts = ['sun rain', 'rain sun'];
    const { vocabulary } = counted(texts, { ...WORDS, minFrequency: 2 });
    const [row] = maps(rowsOf(['sun storm storm cloud'], vocabulary), vocabulary);
    expectRow(row!, { sun: 1 });
  });
});

describe('which n-grams are features', () => {
  const texts = ['b a', 'a c', 'c a d', 'e c b'];
  const wordsIn = ({ hashes }: NgramVocabulary) =>
    [...'abcde'].filter((word) => hashes.includes(hashOfWords([word]))).join('');

  it.each([
    [1, 'abcde'],
    [2, 'abc'],
    [3, 'ac'],
    [4, ''],
  ])('those in at least %i texts: %j', (minFrequency, expected) => {
    const found = counted(texts, { ...WORDS, minFrequency });
    expect(wordsIn(found.vocabulary)).toBe(expected);
    expect(found.minFrequency).toBe(minFrequency);
    expect(found.vocabulary.size).toBe(expected.length);
  });

  it.each([
    [9, 'abcde', 1],
    [5, 'abcde', 1],
    [4, 'abcd', 2],
    [3, 'abc', 2],
    [2, 'ac', 2],
    [1, 'a', 3],
  ])('the %i most frequent, of equal ones the first: %j', (maxFeatures, expected, least) => {
    const found = counted(texts, { ...WORDS, maxFeatures });
    expect(wordsIn(found.vocabulary)).toBe(expected);
    // The rest of the n-grams of a new text then must not count in its norm.
    expect(found.minFrequency).toBe(least);
    expect(rowsOf(texts, found.vocabulary)).toEqual(found.rows);
  });

  it('an occurrence twice in a text counts as one text', () => {
    const { vocabulary } = counted(['z z z', 'y', 'y'], { ...WORDS, minFrequency: 2 });
    expect(vocabulary.hashes).toEqual(Int32Array.of(hashOfWords(['y'])));
  });

  it('those there were stay, first and as they were, however rare they are', () => {
    const before = counted(texts, WORDS).vocabulary;
    const { vocabulary, rows } = counted(
      ['b f', 'f g', 'f a'],
      { ...WORDS, minFrequency: 2 },
      before,
    );
    expect(vocabulary.hashes.slice(0, 5)).toEqual(before.hashes);
    expect(vocabulary.idf.slice(0, 5)).toEqual(before.idf);
    expect(vocabulary.hashes.slice(5)).toEqual(Int32Array.of(hashOfWords(['f'])));
    expect(vocabulary.idf[5]).toBeCloseTo(1, 6);
    expect(vocabulary.distinct).toBe(6);
    const [, second] = maps(rows, vocabulary);
    expectRow(second!, { f: 1 });
  });
});
