import type { EngineInfo } from 'anyformer';
import { find } from './dom.ts';

/** Says in plain words what the computing is done with, and why not with more. */
export function showEngine({ threads, relaxedSimd }: EngineInfo): void {
  find('threads').textContent =
    threads.count > 1
      ? `${threads.count} at once: this page is isolated from others, so they may share memory.`
      : `1, because ${threads.reason ?? 'this machine has one processor'}.`;
  find('simd').textContent = relaxedSimd.enabled
    ? 'Relaxed: four numbers at once, multiplied and added in one go.'
    : `Plain: four numbers at once. The faster, relaxed kind is off: ${relaxedSimd.reason}.`;
  find('place').textContent =
    'In a worker beside the page, which therefore answers while it trains.';
}
