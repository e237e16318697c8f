import { AnyformerError } from '../core/errors.ts';

/** How often a set is read that somebody replaces meanwhile. */
const READINGS = 5;

/** Before it is read again. Firefox shows what a killed tab had half written until it takes it back. */
const PAUSE_MS = 100;

/**
 * Reads a set of files, and reads it again, a little later, where it seems torn: another tab or
 * program may have replaced it meanwhile. Files that are torn are so twice in the same way.
 *
 * @param location of the set, for messages.
 * @param read throws `INVALID_FILE` for a set whose files do not belong together.
 * @throws AnyformerError `INVALID_FILE` as `read` does, or saying that the set did not keep still.
 */
export async function readUntilStill<T>(location: string, read: () => Promise<T>): Promise<T> {
  let before: AnyformerError | undefined;
  for (let reading = 0; reading < READINGS; reading++) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof AnyformerError) || error.code !== 'INVALID_FILE') throw error;
      if (error.message === before?.message) throw error;
      before = error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS)).catch(() => {
        throw error; // In the global scope of workerd, which has no timers.
      });
    }
  }
  throw new AnyformerError(
    'INVALID_FILE',
    `The files in ${location} were replaced during each of ${READINGS} readings. Load them once nobody saves there, or save each version into a folder of its own.`,
    { cause: before },
  );
}
