import { expect, test } from 'vitest';
import { ProgressClock } from '../../src/core/progress.ts';

test('the time left is measured by the time gone', () => {
  let now = 1000;
  const clock = new ProgressClock(() => now);
  now += 6000;
  expect(clock.elapsedSeconds).toBe(6);
  expect(clock.remainingSeconds(3, 10)).toBe(14);
  expect(clock.remainingSeconds(10, 10)).toBe(0);
  expect(clock.remainingSeconds(0, 10)).toBeUndefined();
  expect(clock.remainingSeconds(3, undefined)).toBeUndefined();
});

test('a clock that stands still tells nothing about the time left', () => {
  const clock = new ProgressClock(() => 1000);
  expect(clock.elapsedSeconds).toBe(0);
  expect(clock.remainingSeconds(3, 10)).toBeUndefined();
  expect(clock.remainingSeconds(10, 10)).toBe(0);
});
