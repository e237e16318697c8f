import { AnyformerError, show } from '../core/errors.ts';
import { crc32 } from '../formats/crc32.ts';
import { isJsonObject, type JsonObject, parseJsonObject } from '../formats/json.ts';
import { readSafetensors, type SafeTensor, writeSafetensors } from '../formats/safetensors.ts';
import { readUntilStill } from '../storage/readUntilStill.ts';
import type { Storage } from '../storage/storage.ts';
import type { TrainingState } from './trainingState.ts';
import { stateFromJson, stateToJson } from './trainingStateJson.ts';

const STATE_FILE = 'trainer_state.json';
const OPTIMIZER_FILE = 'optimizer.safetensors';
const BEST_FILE = 'best_weights.safetensors';
const FORMAT = 'anyformer-checkpoint-1';

/** What must be the same for a resumed run to go on as the first would have. */
export type RunIdentity = Readonly<Record<string, unknown>>;

export interface Checkpoint {
  readonly state: TrainingState;
  /** Options and facts of the data. */
  readonly identity: RunIdentity;
  /** The model's files, as the task saves them. */
  readonly model: ReadonlyMap<string, Uint8Array>;
  readonly optimizer: ReadonlyMap<string, SafeTensor>;
  /** The best weights so far, where they are to be restored at the end. */
  readonly best: ReadonlyMap<string, SafeTensor> | undefined;
}

/**
 * Writes a checkpoint as one set of files: the model, `optimizer.safetensors`, and
 * `trainer_state.json`, which names all the others with their size and CRC-32. It takes the place of
 * the checkpoint before it, and only when it is complete.
 *
 * @throws AnyformerError `STORAGE` when it cannot be written; the one before it then stands.
 */
export async function writeCheckpoint(storage: Storage, checkpoint: Checkpoint): Promise<void> {
  const files = new Map(checkpoint.model);
  for (const reserved of [STATE_FILE, OPTIMIZER_FILE, BEST_FILE]) {
    if (!files.has(reserved)) continue;
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `saveModel returned a file named ${show(reserved)}, which the checkpoint needs for itself; choose another name.`,
    );
  }
  files.set(OPTIMIZER_FILE, writeSafetensors(checkpoint.optimizer));
  if (checkpoint.best) files.set(BEST_FILE, writeSafetensors(checkpoint.best));
  const seals = Object.fromEntries(
    [...files].map(([name, bytes]) => [name, { bytes: bytes.length, crc32: crc32(bytes) }]),
  );
  const json = {
    format: FORMAT,
    ...stateToJson(checkpoint.state),
    run: checkpoint.identity,
    model_files: [...checkpoint.model.keys()],
    files: seals,
  };
  files.set(STATE_FILE, new TextEncoder().encode(`${JSON.stringify(json, null, 2)}\n`));
  await storage.write(files);
}

/**
 * Reads a checkpoint, checking every file before anything is returned. One that another tab or
 * program replaces meanwhile is read again.
 *
 * @throws AnyformerError `INVALID_FILE` naming the file that is torn or foreign; `STORAGE` when one is
 *   missing.
 */
export function readCheckpoint(storage: Storage): Promise<Checkpoint> {
  return readUntilStill(storage.location, () => readOnce(storage));
}

async function readOnce(storage: Storage): Promise<Checkpoint> {
  const where = `${STATE_FILE} in ${storage.location}`;
  if (!(await storage.has(STATE_FILE))) {
    throw new AnyformerError(
      'STORAGE',
      `There is no checkpoint in ${storage.location}: it has no ${STATE_FILE}. Pass the outputDir of the run to go on with, or leave resumeFromCheckpoint out to start anew.`,
    );
  }
  const json = parseJsonObject(await storage.read(STATE_FILE), where);
  if (json.format !== FORMAT) {
    throw new AnyformerError(
      'INVALID_FILE',
      `${where} is of format ${show(json.format)}, not '${FORMAT}': it was written by another program. Pass a checkpoint of this library.`,
    );
  }
  const state = stateFromJson(json, where);
  const identity = json.run;
  const { files: seals, model_files: modelFiles } = json;
  if (!isJsonObject(identity) || !isJsonObject(seals) || !isNames(modelFiles)) {
    throw new AnyformerError(
      'INVALID_FILE',
      `${where} lacks run, files or model_files; it may be torn. Use another checkpoint.`,
    );
  }
  const files = await readSealed(storage, seals);
  const optimizer = files.get(OPTIMIZER_FILE);
  const best = files.get(BEST_FILE);
  if (!optimizer || !modelFiles.every((name) => files.has(name))) {
    throw new AnyformerError(
      'INVALID_FILE',
      `${where} does not name all of ${[OPTIMIZER_FILE, ...modelFiles].join(', ')}; it may be torn. Use another checkpoint.`,
    );
  }
  return {
    state,
    identity,
    model: new Map(modelFiles.map((name) => [name, files.get(name)!])),
    optimizer: readSafetensors(optimizer, OPTIMIZER_FILE).tensors,
    best: best && readSafetensors(best, BEST_FILE).tensors,
  };
}

async function readSealed(storage: Storage, seals: JsonObject): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const [name, seal] of Object.entries(seals)) {
    const bytes = await storage.read(name);
    const expected = isJsonObject(seal) ? seal : {};
    if (bytes.length !== expected.bytes || crc32(bytes) !== expected.crc32) {
      throw new AnyformerError(
        'INVALID_FILE',
        `${name} in ${storage.location} is torn, or does not belong to the ${STATE_FILE} beside it: it has ${bytes.length} bytes of checksum ${crc32(bytes)}, not ${show(expected.bytes)} of ${show(expected.crc32)}. Use another checkpoint.`,
      );
    }
    files.set(name, bytes);
  }
  return files;
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string');
}

/**
 * Refuses to go on with a run of other options or data.
 * @throws AnyformerError `INVALID_ARGUMENT` naming both values.
 */
export function checkSameRun(saved: RunIdentity, now: RunIdentity): void {
  for (const name of new Set([...Object.keys(saved), ...Object.keys(now)])) {
    const before = JSON.stringify(saved[name]);
    const after = JSON.stringify(now[name]);
    if (before === after) continue;
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `The checkpoint was written with ${name} ${before ?? 'unset'}, this run has ${after ?? 'it unset'}; to go on bit for bit they must be the same. Use the first value, or start anew without resumeFromCheckpoint.`,
    );
  }
}
