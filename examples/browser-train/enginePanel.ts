import type { EngineInfo } from 'anyformer';
import { find } from './dom.ts';

/** Says in plain words what the computing is done with, and why not with more. */
export function showEngine({ threads, relaxedSimd }: EngineInfo): void {
  find('threads').textContent =
    threads.count > 1
      ? `${threads.count} at once.`
      : `1, because ${threads.reason ?? 'this machine has one processor'}.`;
  find('simd').textContent = relaxedSimd.enabled
    ? 'Four numbers at once, multiplied and added in one go.'
    : `Four numbers at once. Multiplying and adding in one go is off: ${relaxedSimd.reason}.`;
  find('place').textContent =
    'In a worker beside the page, which therefore answers while it trains.';
}
