import { rm } from 'node:fs/promises';
import { join } from 'node:path';
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

/**
 * Where the checkpoints of a training go whose folder holds a model already. That model stays whole
 * until the new one takes its place.
 */
const BESIDE_MODEL = '.anyformer-checkpoint';

/** The folder of the checkpoint that an unfinished training left in `folder` or beside its model. */
export async function findCheckpoint(folder: string): Promise<string | undefined> {
  for (const place of [join(folder, BESIDE_MODEL), folder]) {
    if (await new FileStorage(place).has(STATE)) return place;
  }
  return undefined;
}

/** Removes what a training keeps besides the model. */
export async function removeCheckpoint(folder: string): Promise<void> {
  await rm(join(folder, BESIDE_MODEL), { recursive: true, force: true });
  const storage = new FileStorage(folder);
  for (const name of CHECKPOINT_FILES) await storage.remove(name);
}

export interface OutputOptions {
  readonly resume?: boolean | undefined;
  readonly force?: boolean | undefined;
}

/**
 * Checks, before anything is computed, that a training may write into `folder`.
 *
 * @param confirm asks a person; undefined where there is none.
 * @returns where its checkpoints go.
 * @throws AnyformerError `STORAGE` for a folder with a model or other things in it, for an unfinished
 *   training that would be lost, and for nothing to go on from.
 */
export async function prepareOutput(
  folder: string,
  { resume = false, force = false }: OutputOptions,
  confirm?: (question: string) => Promise<boolean>,
): Promise<string> {
  const refuse = (message: string) => new AnyformerError('STORAGE', `${folder} ${message}`);
  const checkpoint = await findCheckpoint(folder);
  if (resume) {
    if (checkpoint !== undefined) return checkpoint;
    throw refuse('has no checkpoint to go on from; leave out --resume to begin anew.');
  }
  const isModel = await holdsModel(folder);
  if (!force) {
    if (checkpoint !== undefined) {
      throw refuse(
        'has the checkpoint of an unfinished training; pass --resume to go on from there, or --force to begin anew.',
      );
    }
    if (!isModel) await checkEmpty(folder, refuse);
    else if (!confirm) {
      throw refuse('holds a model; pass --force to overwrite it, or another --output.');
    } else if (!(await confirm(`${folder} holds a model. Overwrite it?`))) {
      throw refuse('keeps its model; pass another --output.');
    }
  }
  return isModel ? join(folder, BESIDE_MODEL) : folder;
}

async function checkEmpty(folder: string, refuse: (message: string) => Error): Promise<void> {
  const files = await new FileStorage(folder).list();
  if (files.length === 0) return;
  const shown = files.slice(0, 3).join(', ') + (files.length > 3 ? ', …' : '');
  throw refuse(
    `has other files in it (${shown}); pass another --output, or --force to write the model beside them.`,
  );
}

/** Whether a model was saved there, by this library or by Hugging Face's. */
async function holdsModel(folder: string): Promise<boolean> {
  try {
    const { anyformer, architectures } = await readModelConfig(folder);
    return isJsonObject(anyformer) || Array.isArray(architectures);
  } catch {
    return false;
  }
}
