import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { truncate } from '../../src/tokenizers/truncation.ts';

const ids = (length: number) => Array.from({ length }, (_, i) => i);

describe('truncate', () => {
  // The lengths of HF's own test of LongestFirst, at 7 ids.
  it.each([
    [0, 0, 0, 0],
    [0, 2, 0, 2],
    [0, 8, 0, 7],
    [2, 0, 2, 0],
    [2, 4, 2, 4],
    [2, 8, 2, 5],
    [4, 2, 4, 2],
    [4, 4, 3, 4],
    [4, 8, 3, 4],
    [8, 0, 7, 0],
    [8, 2, 5, 2],
    [8, 4, 4, 3],
    [8, 8, 3, 4],
  ])('shares 7 ids between %d and %d as %d and %d', (a, b, wantedA, wantedB) => {
    const [first, second] = truncate(ids(a), ids(b), 7, 'longestFirst', 'right');
    expect([first.length, second?.length]).toEqual([wantedA, wantedB]);
  });

  it('keeps a beginning or an end, and is exactly as long as allowed when it cuts', () => {
    const length = fc.integer({ min: 0, max: 20 });
    fc.assert(
      fc.property(length, fc.option(length), length, fc.boolean(), (a, b, limit, isLeft) => {
        const pair = b === null ? undefined : ids(b);
        const side = isLeft ? 'left' : 'right';
        const [first, second] = truncate(ids(a), pair, limit, 'longestFirst', side);
        const keep = (all: number[], n: number) =>
          isLeft ? all.slice(all.length - n) : all.slice(0, n);
        expect(first).toEqual(keep(ids(a), first.length));
        if (pair) expect(second).toEqual(keep(pair, second!.length));
        expect(first.length + (second?.length ?? 0)).toBe(Math.min(limit, a + (b ?? 0)));
      }),
    );
  });

  it('shortens only the text it is told to', () => {
    expect(truncate(ids(5), ids(3), 6, 'onlyFirst', 'right')).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ]);
    expect(truncate(ids(5), ids(3), 6, 'onlySecond', 'left')).toEqual([ids(5), [2]]);
  });

  it('says when that text is too short, or missing', () => {
    expect(() => truncate(ids(5), ids(3), 5, 'onlySecond', 'right')).toThrow(
      /second text has 3 tokens but 3 must go/,
    );
    expect(() => truncate(ids(5), undefined, 9, 'onlySecond', 'right')).toThrow(/textPair/);
  });
});
