import { AnyformerError, show } from '../core/errors.ts';
import { crc32 } from '../formats/crc32.ts';
import { isJsonObject, type JsonObject, parseJsonObject } from '../formats/json.ts';
import { BytesCounter, type BytesOfSet } from './bytesOfSet.ts';
import { readUntilStill } from './readUntilStill.ts';
import type { ReadOptions, Storage } from './storage.ts';

const CONFIG = 'config.json';

interface Seal {
  readonly bytes: number;
  readonly crc32: number;
}

/**
 * Writes into `config.json` which files belong to it, so that a torn or mixed folder is noticed:
 *
 *     "anyformer": { "files": { "model.safetensors": { "bytes": 1048576, "crc32": 305419896 } } }
 *
 * HF's own library keeps the key as an attribute it does not know, and opens the folder.
 *
 * @param files `config.json` and all that belongs to it.
 * @returns the same files with the sealed `config.json`, which comes last: on media that write one
 *   file after the other the old seal then stands until everything else is in place.
 * @throws AnyformerError `INVALID_ARGUMENT` without a `config.json`.
 */
export function sealFiles(files: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> {
  const configBytes = files.get(CONFIG);
  if (configBytes === undefined) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `A set of files needs a ${CONFIG}, received ${show([...files.keys()])}.`,
    );
  }
  const sealed = new Map([...files].filter(([name]) => name !== CONFIG));
  const seals: Record<string, Seal> = {};
  for (const name of [...sealed.keys()].sort()) seals[name] = sealOf(sealed.get(name)!);
  const config = parseJsonObject(configBytes, CONFIG);
  const others = isJsonObject(config.anyformer) ? config.anyformer : {};
  const json = JSON.stringify({ ...config, anyformer: { ...others, files: seals } }, null, 2);
  sealed.set(CONFIG, new TextEncoder().encode(`${json}\n`));
  return sealed;
}

export interface SealedFileNames {
  /** Besides `config.json`, which always is. */
  readonly required: readonly string[];
  readonly optional?: readonly string[];
}

export interface ReadSealedFilesOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called while bytes arrive, with those of all files together. */
  readonly onProgress?: ((progress: BytesOfSet) => void) | undefined;
  /**
   * Called with the size of each file once it is known: from the seal, before the file has arrived, or
   * after it has. What it throws ends the reading.
   */
  readonly checkSize?: ((name: string, bytes: number) => Promise<void>) | undefined;
}

/**
 * Reads `config.json` and the named files, and checks them against its seal. A folder without a
 * seal, such as one from Hugging Face, is read as it is. A set that another tab or program replaces
 * meanwhile is read again, a little later: files that are torn are so twice in the same way.
 *
 * @throws AnyformerError `INVALID_FILE` naming the file that does not belong to this `config.json`,
 *   or saying that the set did not keep still; `STORAGE` when a required file is missing.
 *
 * @example
 * const files = await readSealedFiles(storage, { required: ['model.safetensors'] });
 */
export async function readSealedFiles(
  storage: Storage,
  names: SealedFileNames,
  options: ReadSealedFilesOptions = {},
): Promise<Map<string, Uint8Array>> {
  return readUntilStill(storage.location, () => readOnce(storage, names, options));
}

async function readOnce(
  storage: Storage,
  { required, optional = [] }: SealedFileNames,
  { signal, onProgress, checkSize }: ReadSealedFilesOptions,
): Promise<Map<string, Uint8Array>> {
  const where = `${CONFIG} in ${storage.location}`;
  const counter = onProgress && new BytesCounter(onProgress);
  const options = { signal, ...(counter && { onProgress: counter.read }) };
  return readTogether(storage, options, async (start) => {
    const readings = new Map([CONFIG, ...required].map((name) => [name, start(name)]));
    const seals = readSeals(parseJsonObject(await readings.get(CONFIG)!, where), where);
    for (const name of optional) {
      // A file that the seal does not name was left by an earlier save: not part of this one.
      if (seals ? seals.has(name) : await storage.has(name)) readings.set(name, start(name));
    }
    const sizes = [...(seals ?? [])].map(([name, { bytes }]) => [name, bytes] as const);
    counter?.expect(readings.keys(), new Map(sizes));
    for (const [name, bytes] of sizes) await checkSize?.(name, bytes);
    const read = await Promise.all(readings.values());
    const files = new Map([...readings.keys()].map((name, i) => [name, read[i]!]));
    for (const [name, bytes] of files) {
      if (!seals) await checkSize?.(name, bytes.length);
      if (seals && name !== CONFIG) checkSeal(name, bytes, seals.get(name), storage.location);
    }
    return files;
  });
}

type StartReading = (name: string) => Promise<Uint8Array>;

/** Lets `take` start the reading of several files; when it throws, those under way are stopped. */
async function readTogether<T>(
  storage: Storage,
  { signal, ...options }: ReadOptions,
  take: (start: StartReading) => Promise<T>,
): Promise<T> {
  const stop = stopper();
  const onAbort = () => stop?.abort(signal!.reason);
  signal?.addEventListener('abort', onAbort);
  if (signal?.aborted) onAbort();
  try {
    return await take((name) => {
      const reading = storage.read(name, { ...options, signal: stop?.signal ?? signal });
      // It may fail after another one has, when nobody waits for it any more.
      reading.catch(() => {});
      return reading;
    });
  } catch (error) {
    stop?.abort();
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

/** Undefined in the global scope of workerd, which has none there, and no I/O that it could stop. */
function stopper(): AbortController | undefined {
  try {
    return new AbortController();
  } catch {
    return undefined;
  }
}

function readSeals(config: JsonObject, where: string): Map<string, Seal> | undefined {
  const { anyformer } = config;
  const files = isJsonObject(anyformer) ? anyformer.files : undefined;
  if (files === undefined) return undefined;
  if (!isJsonObject(files) || !Object.values(files).every(isSeal)) {
    throw new AnyformerError(
      'INVALID_FILE',
      `${where}: anyformer.files must give bytes and crc32 of each file, received ${show(files)}. Save the model again.`,
    );
  }
  return new Map(Object.entries(files)) as Map<string, Seal>;
}

function isSeal(value: unknown): value is Seal {
  return isJsonObject(value) && Number.isInteger(value.bytes) && Number.isInteger(value.crc32);
}

function checkSeal(
  name: string,
  bytes: Uint8Array,
  expected: Seal | undefined,
  location: string,
): void {
  const next =
    "Save or copy the whole folder again; if you changed the file on purpose, remove 'anyformer.files' from config.json.";
  if (expected === undefined) {
    throw new AnyformerError(
      'INVALID_FILE',
      `${name} in ${location} does not belong to the config.json beside it, which does not name it. ${next}`,
    );
  }
  const found = sealOf(bytes);
  if (found.bytes === expected.bytes && found.crc32 === expected.crc32) return;
  const difference =
    found.bytes === expected.bytes
      ? `its checksum is ${found.crc32}, not ${expected.crc32}`
      : `it has ${found.bytes} bytes, not ${expected.bytes}`;
  throw new AnyformerError(
    'INVALID_FILE',
    `${name} in ${location} is torn, or does not belong to the config.json beside it: ${difference}. ${next}`,
  );
}

function sealOf(bytes: Uint8Array): Seal {
  return { bytes: bytes.length, crc32: crc32(bytes) };
}
