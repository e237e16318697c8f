import { AnyformerError } from '../core/errors.ts';
import { isJsonObject, type JsonObject, parseJsonObject } from '../formats/json.ts';
import { FileStorage } from '../storage/fileStorage.ts';
import { openStorage } from '../storage/openStorage.ts';
import type { Storage } from '../storage/storage.ts';

const CONFIG = 'config.json';
const STATE = 'trainer_state.json';
/** What a checkpoint has besides a model. */
const CHECKPOINT_FILES = ['optimizer.safetensors', 'best_weights.safetensors', STATE];

/** A folder by its path, or an address. */
export const openModel = (model: string): Storage =>
  openStorage(model, { openPath: (path) => new FileStorage(path) });

/** @throws AnyformerError `STORAGE` or `INVALID_FILE` where there is no model. */
export async function readModelConfig(model: string): Promise<JsonObject> {
  const storage = openModel(model);
  return parseJsonObject(await storage.read(CONFIG), `${CONFIG} in ${storage.location}`);
}

export const hasCheckpoint = (folder: string) => new FileStorage(folder).has(STATE);

/** Makes of a finished training's folder that of a model. */
export async function removeCheckpoint(folder: string): Promise<void> {
  const storage = new FileStorage(folder);
  for (const name of CHECKPOINT_FILES) await storage.remove(name);
}

/**
 * Checks, before anything is computed, that a training may write into `folder`.
 * @throws AnyformerError `STORAGE` for a folder with other things in it, for an unfinished training
 *   that would be lost, and for nothing to go on from.
 */
export async function prepareOutput(
  folder: string,
  { resume = false, force = false }: { resume?: boolean | undefined; force?: boolean | undefined },
): Promise<void> {
  const isUnfinished = await hasCheckpoint(folder);
  if (resume) {
    if (isUnfinished) return;
    throw new AnyformerError(
      'STORAGE',
      `${folder} has no checkpoint to go on from; leave out --resume to begin anew.`,
    );
  }
  if (force) return removeCheckpoint(folder);
  if (isUnfinished) {
    throw new AnyformerError(
      'STORAGE',
      `${folder} has the checkpoint of an unfinished training; pass --resume to go on from there, or --force to begin anew.`,
    );
  }
  const files = await new FileStorage(folder).list();
  if (files.length === 0 || (await isOurs(folder))) return;
  throw new AnyformerError(
    'STORAGE',
    `${folder} has other files in it (${files.slice(0, 3).join(', ')}${files.length > 3 ? ', …' : ''}); pass another --output, or --force to write the model beside them.`,
  );
}

/** Whether this library saved a model there, as the seal in its config.json tells. */
async function isOurs(folder: string): Promise<boolean> {
  try {
    return isJsonObject((await readModelConfig(folder)).anyformer);
  } catch {
    return false;
  }
}
