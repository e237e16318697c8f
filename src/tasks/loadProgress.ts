import { type OnProgress, ProgressClock } from '../core/progress.ts';
import type { ByteProgress } from '../storage/storage.ts';

/** Reports the bytes of all files together as steps; how many there will be is not known. */
export function asLoadProgress(onProgress: OnProgress): (progress: ByteProgress) => void {
  const clock = new ProgressClock();
  const loaded = new Map<string, number>();
  return ({ name, loadedBytes }) => {
    loaded.set(name, loadedBytes);
    onProgress({
      phase: 'load',
      step: [...loaded.values()].reduce((sum, bytes) => sum + bytes, 0),
      totalSteps: undefined,
      elapsedSeconds: clock.elapsedSeconds,
      remainingSeconds: undefined,
    });
  };
}
