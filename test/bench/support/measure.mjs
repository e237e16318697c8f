import { setTimeout as sleep } from 'node:timers/promises';
import { threads } from './settings.mjs';

/** The note of a result that was taken beside other work of the machine. */
export const NEVER_QUIET = 'the machine was never quiet';

/** Threads that wait for work by looking for it have gone to sleep after so long; ort's take 25 ms. */
const PAUSE_MS = 50;

/** Between two sides: neither finds the other's threads still busy. */
export const pause = () => (threads > 1 ? sleep(PAUSE_MS) : undefined);

/** The middle value, or the mean of the two in the middle. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Milliseconds of one call of a function, or the mean of `repeats` calls. */
export function time(call, repeats = 1) {
  const start = performance.now();
  for (let i = 0; i < repeats; i++) call();
  return (performance.now() - start) / repeats;
}
