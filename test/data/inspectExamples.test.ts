import { describe, expect, it } from 'vitest';
import {
  conflictingLabels,
  majorityOf,
  rareLabels,
  repeatedIn,
} from '../../src/data/inspectExamples.ts';
import type { TextExample } from '../../src/data/labels.ts';

const examplesOf = (...rows: [text: string, label: string | string[]][]): TextExample[] =>
  rows.map(([text, label]) => ({ text, label }));

describe('conflictingLabels', () => {
  it('finds none where each text has one label', () => {
    const examples = examplesOf(['hi', 'a'], ['hi', 'a'], ['bye', 'b']);
    expect(conflictingLabels(examples)).toEqual({ texts: 0, examples: 0, first: undefined });
    expect(conflictingLabels([])).toEqual({ texts: 0, examples: 0, first: undefined });
  });

  it('counts texts and examples, and shows the first', () => {
    const examples = examplesOf(
      ['fine', 'b'],
      ['Hello', 'b'],
      ['other', 'c'],
      ['hello ', 'a'],
      ['other', 'a'],
      ['HELLO', 'b'],
    );
    expect(conflictingLabels(examples)).toEqual({
      texts: 2,
      examples: 5,
      first: { text: 'Hello', labels: ['b', 'a'] },
    });
  });

  it('compares lists of labels as sets', () => {
    const same = examplesOf(['hi', ['a', 'b']], ['hi', ['b', 'a']]);
    expect(conflictingLabels(same).texts).toBe(0);
    const different = examplesOf(['hi', ['b', 'a']], ['hi', ['a']], ['hi', []]);
    expect(conflictingLabels(different)).toEqual({
      texts: 1,
      examples: 3,
      first: { text: 'hi', labels: ['a, b', 'a', ''] },
    });
    // A comma in a label does not make sets equal.
    expect(conflictingLabels(examplesOf(['hi', ['a, b']], ['hi', ['a', 'b']])).texts).toBe(1);
  });
});

describe('rareLabels', () => {
  it('gives labels with fewer examples, in the order of the labels', () => {
    const examples = examplesOf(['1', 'a'], ['2', 'b'], ['3', 'b'], ['4', 'c'], ['5', 'b']);
    expect(rareLabels(examples, ['d', 'c', 'b', 'a'], 3)).toEqual([
      { label: 'd', count: 0 },
      { label: 'c', count: 1 },
      { label: 'a', count: 1 },
    ]);
    expect(rareLabels(examples, ['a', 'b', 'c'], 1)).toEqual([]);
  });

  it('counts each of several labels', () => {
    const examples = examplesOf(['1', ['a', 'b']], ['2', ['b']], ['3', []]);
    expect(rareLabels(examples, ['a', 'b'], 2)).toEqual([{ label: 'a', count: 1 }]);
  });
});

describe('repeatedIn', () => {
  it('counts held-out examples, each as often as it stands there', () => {
    const examples = examplesOf(['hi', 'a'], ['hi', 'a'], ['bye', 'b']);
    const heldOut = examplesOf(['Hi', 'b'], ['hi ', 'a'], ['new', 'a']);
    expect(repeatedIn(examples, heldOut)).toBe(2);
    expect(repeatedIn(examples, [])).toBe(0);
    expect(repeatedIn([], heldOut)).toBe(0);
  });
});

describe('majorityOf', () => {
  it('is the most frequent label', () => {
    const examples = examplesOf(['1', 'a'], ['2', 'b'], ['3', 'b']);
    expect(majorityOf(examples)).toEqual({ label: 'b', count: 2 });
  });

  it('is the first of equally frequent labels, whatever the order of the examples', () => {
    expect(majorityOf(examplesOf(['1', 'b'], ['2', 'a']))).toEqual({ label: 'a', count: 1 });
    // Integers are in order of number.
    expect(majorityOf(examplesOf(['1', '10'], ['2', '9']))).toEqual({ label: '9', count: 1 });
  });

  it('is the most frequent set of several labels', () => {
    const examples = examplesOf(['1', ['b', 'a']], ['2', ['a', 'b']], ['3', ['a']], ['4', []]);
    expect(majorityOf(examples)).toEqual({ label: 'a, b', count: 2 });
    expect(majorityOf(examplesOf(['1', []], ['2', []], ['3', ['a']]))).toEqual({
      label: '',
      count: 2,
    });
  });
});
