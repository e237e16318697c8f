import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TextExample } from '../../src/data/labels.ts';
import { groupRepeats } from '../../src/data/repeats.ts';
import { foldsOf, splitExamples } from '../../src/data/split.ts';

const examplesOf = (labels: readonly (string | string[])[]): TextExample[] =>
  labels.map((label, i) => ({ text: `text ${i}`, label }));

/** Texts of which many repeat, some of them under other labels. */
const arbitraryRepeats = fc.array(
  fc.record({ text: fc.nat(40).map(String), label: fc.constantFrom('a', 'b', 'c', 'd') }),
  { minLength: 12, maxLength: 200 },
);

/** Examples with `sizes[i]` repeats of the i-th text of a label. */
const repeatsOf = (label: string, sizes: readonly number[]): TextExample[] =>
  sizes.flatMap((size, i) =>
    Array.from({ length: size }, () => ({ text: `${label} ${i}`, label })),
  );

const arbitraryLabels = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), {
  minLength: 8,
  maxLength: 200,
});

describe('splitExamples', () => {
  it('gives every example to one side, each label its share to within one', () => {
    fc.assert(
      fc.property(
        arbitraryLabels,
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        fc.integer(),
        (labels, validationSplit, seed) => {
          const { train, validation } = splitExamples(examplesOf(labels), {
            validationSplit,
            seed,
          });
          const both = [...train, ...validation].sort((a, b) => a - b);
          expect(both).toEqual(labels.map((_, i) => i));
          expect(validation.length).toBeGreaterThan(0);
          for (const label of new Set(labels)) {
            const size = labels.filter((x) => x === label).length;
            const taken = [...validation].filter((i) => labels[i] === label).length;
            expect(taken).toBeLessThan(size);
            expect(Math.abs(taken - size * validationSplit)).toBeLessThanOrEqual(1);
          }
        },
      ),
    );
  });

  it('is the same for the same seed, another for another, in rising order', () => {
    const examples = examplesOf(Array.from({ length: 100 }, (_, i) => (i % 3 ? 'a' : 'b')));
    const split = (seed: number) => splitExamples(examples, { validationSplit: 0.2, seed });
    expect(split(1)).toEqual(split(1));
    expect(split(2)).not.toEqual(split(1));
    const { train, validation } = split(1);
    expect(validation).toHaveLength(20);
    for (const side of [train, validation]) expect(side).toEqual(side.slice().sort());
    // Recorded: a change of it changes every published figure.
    expect([...validation]).toMatchInlineSnapshot(`
      [
        2,
        4,
        7,
        14,
        33,
        34,
        39,
        50,
        53,
        55,
        66,
        71,
        73,
        78,
        80,
        85,
        87,
        92,
        96,
        99,
      ]
    `);
  });

  it('treats combinations of labels as labels, whatever their order', () => {
    const examples = examplesOf(
      Array.from({ length: 40 }, (_, i) => (i % 2 ? ['a', 'b'] : ['b', 'a'])),
    );
    expect(splitExamples(examples, { validationSplit: 0.25, seed: 1 }).validation).toHaveLength(10);
  });

  it.each([0, 1, -0.1, 1.5, Number.NaN, '0.1' as never])('refuses a share of %s', (share) => {
    const examples = examplesOf(['a', 'a', 'b', 'b']);
    expect(() => splitExamples(examples, { validationSplit: share, seed: 1 })).toThrow(
      /validationSplit must be above 0 and below 1/,
    );
  });

  it('refuses data of which nothing can be spared', () => {
    expect(() =>
      splitExamples(examplesOf(['a', 'b', 'c']), { validationSplit: 0.5, seed: 1 }),
    ).toThrow(/validationSplit 0\.5 of 3 examples with 3 labels leaves none to validate on/);
  });

  it('splits data without repeats as it did before texts were compared', () => {
    const labels = Array.from({ length: 60 }, (_, i) => {
      if (i === 7) return 'once';
      return i % 11 === 3 ? 'rare' : ['a', 'b', 'c'][i % 3]!;
    });
    const { validation } = splitExamples(examplesOf(labels), { validationSplit: 0.15, seed: 42 });
    expect([...validation]).toEqual([21, 24, 32, 34, 36, 41, 44, 45, 55]);
  });

  it('keeps repeats on one side, and every label in training', () => {
    fc.assert(
      fc.property(
        arbitraryRepeats,
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        fc.integer(),
        (examples, validationSplit, seed) => {
          // Four labels can keep four texts in training: of five, one can be spared.
          fc.pre(new Set(examples.map(({ text }) => text)).size >= 5);
          const { train, validation } = splitExamples(examples, { validationSplit, seed });
          expect([...train, ...validation].sort((a, b) => a - b)).toEqual([...examples.keys()]);
          const heldOut = new Set([...validation].map((i) => examples[i]!.text));
          expect([...train].filter((i) => heldOut.has(examples[i]!.text))).toEqual([]);
          expect(new Set([...train].map((i) => examples[i]!.label))).toEqual(
            new Set(examples.map(({ label }) => label)),
          );
        },
      ),
    );
  });

  it('comes as near to the share as whole texts allow', () => {
    const examples = ['a', 'b'].flatMap((label) => repeatsOf(label, new Array(30).fill(3)));
    const { validation } = splitExamples(examples, { validationSplit: 0.1, seed: 3 });
    expect(validation).toHaveLength(18);
    expect([...validation].filter((i) => examples[i]!.label === 'a')).toHaveLength(9);
    // 2 of each label would be its share: some labels give 8 instead, the others none.
    const large = [...'abcdefghij'].flatMap((label) => repeatsOf(label, new Array(5).fill(8)));
    expect(splitExamples(large, { validationSplit: 0.05, seed: 3 }).validation).toHaveLength(16);
  });

  it('takes the smallest text when every one is larger than the share', () => {
    const examples = [...repeatsOf('a', [50, 40]), ...repeatsOf('b', [30, 60])];
    const { validation } = splitExamples(examples, { validationSplit: 0.05, seed: 1 });
    expect([...validation].map((i) => examples[i]!.text)).toEqual(new Array(30).fill('b 0'));
  });

  it('says how many texts differ when nothing can be spared', () => {
    const examples = [...repeatsOf('a', [5]), ...repeatsOf('b', [4])];
    expect(() => splitExamples(examples, { validationSplit: 0.2, seed: 1 })).toThrow(
      'of 9 examples (2 different texts) with 2 labels leaves none to validate on',
    );
  });
});

describe('foldsOf', () => {
  const countsOf = (foldOf: Int32Array, folds: number, isCounted: (i: number) => boolean) =>
    Array.from({ length: folds }, (_, fold) => {
      return foldOf.reduce((sum, x, i) => sum + Number(x === fold && isCounted(i)), 0);
    });
  const spread = (counts: readonly number[]) => Math.max(...counts) - Math.min(...counts);

  it('spreads every label, and all examples, to within one', () => {
    fc.assert(
      fc.property(
        arbitraryLabels,
        fc.integer({ min: 2, max: 8 }),
        fc.integer(),
        (labels, folds, seed) => {
          const foldOf = foldsOf(examplesOf(labels), { folds, seed });
          expect(spread(countsOf(foldOf, folds, () => true))).toBeLessThanOrEqual(1);
          for (const label of new Set(labels)) {
            const counts = countsOf(foldOf, folds, (i) => labels[i] === label);
            expect(spread(counts)).toBeLessThanOrEqual(1);
          }
        },
      ),
    );
  });

  it('keeps repeats in one fold, leaves no fold empty, and spreads labels as texts allow', () => {
    fc.assert(
      fc.property(arbitraryRepeats, fc.integer(), fc.nat(), (examples, seed, choice) => {
        const groupOf = groupRepeats(examples.map(({ text }) => text));
        const groups = Math.max(...groupOf) + 1;
        fc.pre(groups >= 2);
        const folds = 2 + (choice % (groups - 1));
        const foldOf = foldsOf(examples, { folds, seed });
        const pairs = new Set([...groupOf].map((group, i) => `${group} ${foldOf[i]}`));
        expect(pairs.size).toBe(groups);
        expect(Math.min(...countsOf(foldOf, folds, () => true))).toBeGreaterThan(0);
        // A text counts for the label of its first example.
        const labelOf = (i: number) => examples[groupOf.indexOf(groupOf[i]!)]!.label;
        for (const label of new Set(examples.map((_, i) => labelOf(i)))) {
          const ofLabel = [...groupOf].filter((_, i) => labelOf(i) === label);
          const largest = Math.max(
            ...ofLabel.map((group) => ofLabel.filter((other) => other === group).length),
          );
          const counts = countsOf(foldOf, folds, (i) => labelOf(i) === label);
          expect(spread(counts)).toBeLessThanOrEqual(largest);
        }
      }),
    );
  });

  it('fills the gaps that large texts leave', () => {
    const examples = repeatsOf('a', [1, 1, 1, 6, 3, 2, 4]);
    expect(countsOf(foldsOf(examples, { folds: 3, seed: 5 }), 3, () => true)).toEqual([6, 6, 6]);
  });

  it('is the same for the same seed, another for another', () => {
    const examples = examplesOf(Array.from({ length: 24 }, (_, i) => (i % 3 ? 'a' : 'b')));
    const folds = (seed: number) => foldsOf(examples, { folds: 4, seed });
    expect(folds(1)).toEqual(folds(1));
    expect(folds(2)).not.toEqual(folds(1));
    // Recorded: a change of it changes every published figure.
    expect([...folds(1)].join(' ')).toMatchInlineSnapshot(
      `"1 1 1 1 0 3 3 2 1 0 0 2 3 3 1 0 0 0 2 3 2 2 2 3"`,
    );
  });

  it('puts a label with one text in one fold', () => {
    const examples = [...repeatsOf('a', new Array(8).fill(1)), ...repeatsOf('once', [3])];
    const foldOf = foldsOf(examples, { folds: 4, seed: 1 });
    expect(new Set(foldOf.slice(8)).size).toBe(1);
  });

  it.each([1, 0, 2.5, Number.NaN, 4, '2' as never])('refuses %s folds of 3 texts', (folds) => {
    const examples = [...examplesOf(['a', 'b', 'a']), { text: 'TEXT 0', label: 'a' }];
    expect(() => foldsOf(examples, { folds, seed: 1 })).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('folds must be an integer from 2 to 3'),
      }),
    );
  });
});
