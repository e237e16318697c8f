import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TextExample } from '../../src/data/labels.ts';
import { splitExamples } from '../../src/data/split.ts';

const examplesOf = (labels: readonly (string | string[])[]): TextExample[] =>
  labels.map((label, i) => ({ text: `text ${i}`, label }));

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
});
