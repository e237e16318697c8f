import { MemoryStorage } from 'anyformer';
import { delMany, get, setMany } from 'idb-keyval';
import { reasonNotKept } from './plainWords.ts';
import type { Run } from './session.ts';

/**
 * The newest checkpoint of the page's training, or its model at the end: in memory, and where the browser lets it also in
 * IndexedDB for the next visit. A browser that has no room left costs the next visit, not the training.
 */
export class Checkpoint extends MemoryStorage {
  /** Why there is none for the next visit. */
  problem: string | undefined;
  readonly #files: Map<string, Uint8Array>;
  readonly #run: Run;

  /** @param run kept with it: to go on from a checkpoint takes the same examples and settings. */
  constructor(run: Run, files = new Map<string, Uint8Array>()) {
    super(files);
    this.#files = files;
    this.#run = run;
  }

  override async write(files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    await super.write(files);
    this.#run.savedStep = this.#run.measurements.steps.at(-1) ?? 0;
    await this.keep();
  }

  /** Keeps it for the next visit: the files and what they belong to together, or neither. */
  async keep(): Promise<void> {
    try {
      await setMany([
        ['files', this.#files],
        ['run', this.#run],
      ]);
      this.problem = undefined;
    } catch (error) {
      console.warn(error);
      this.problem = reasonNotKept(error);
    }
  }
}

/** The training of the last visit and its checkpoint, where there is one. */
export async function recallRun(): Promise<{ run: Run; checkpoint: Checkpoint } | undefined> {
  const [run, files] = await Promise.all([get<Run>('run'), get<Map<string, Uint8Array>>('files')]);
  return run && files && { run, checkpoint: new Checkpoint(run, files) };
}

/** Leaves no training for the next visit. The rows stay. */
export async function forgetRun(): Promise<void> {
  await delMany(['files', 'run']);
}
