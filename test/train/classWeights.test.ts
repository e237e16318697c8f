import { expect, test } from 'vitest';
import { classWeightVector } from '../../src/train/classWeights.ts';

test('by label or by index, 1 where none is given', () => {
  expect([...classWeightVector({ spam: 2 }, ['ham', 'spam'])]).toEqual([1, 2]);
  expect([...classWeightVector({ 0: 3 }, ['ham', 'spam'])]).toEqual([3, 1]);
  // Labels that look like indices are labels.
  expect([...classWeightVector({ 1: 5 }, ['1', '0'])]).toEqual([5, 1]);
});

test('a key that is no label is refused with the labels', () => {
  const labels = ['ham', 'spam'];
  expect(() => classWeightVector({ eggs: 2 }, labels)).toThrow("labels are 'ham', 'spam'");
  expect(() => classWeightVector({ 2: 2 }, labels)).toThrow("weight for '2'");
});
