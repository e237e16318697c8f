import { AnyformerError, show } from '../core/errors.ts';
import { isJsonObject, type JsonObject, parseJsonObject } from './json.ts';

// Objects whose keys are data (labels, file names, class names), never option names.
const KEYED_BY_DATA = new Set([
  'id2label',
  'label2id',
  'auto_map',
  'task_specific_params',
  'anyformer',
]);

/**
 * Reads a `config.json` or `generation_config.json`: HF's snake_case keys become camelCase, nested
 * objects too, except where keys are data (`id2label`, `label2id`, …).
 *
 * @param bytes the file, UTF-8 JSON.
 * @param name the file's name, for messages.
 * @throws AnyformerError `INVALID_FILE` when it is not a JSON object, or two keys become one.
 *
 * @example
 * const config = readHfConfig(await storage.read('config.json'), 'config.json');
 * config.hiddenSize; // 256
 *
 * @see https://huggingface.co/docs/transformers/main_classes/configuration
 */
export function readHfConfig(bytes: Uint8Array | string, name = 'config.json'): JsonObject {
  return mapKeys(parseJsonObject(bytes, name), snakeToCamel, (path) => {
    throw new AnyformerError(
      'INVALID_FILE',
      `${name} has the key '${path}' in two spellings; keep the one in snake_case.`,
    );
  });
}

/**
 * Writes a configuration as HF does: snake_case keys in alphabetical order, two spaces, a line
 * break at the end. Undefined values are left out.
 *
 * @param config camelCase keys, as {@link readHfConfig} gives them.
 * @throws AnyformerError `INVALID_ARGUMENT` for a value JSON cannot carry, naming its key.
 *
 * @example
 * writeHfConfig({ modelType: 'bert', hiddenSize: 256 });
 */
export function writeHfConfig(config: JsonObject): Uint8Array {
  checkJsonValue(config, '');
  const snake = mapKeys(config, camelToSnake, (path) => {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `The configuration has the key '${path}' in two spellings; keep the one in camelCase.`,
    );
  });
  return new TextEncoder().encode(`${JSON.stringify(snake, null, 2)}\n`);
}

/** `hidden_size` -> `hiddenSize`. An underscore before a digit stays, so that the way back is exact. */
export function snakeToCamel(key: string): string {
  return key.replace(/(?<=[a-z0-9])_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** `hiddenSize` -> `hidden_size`. */
export function camelToSnake(key: string): string {
  return key.replace(/(?<=[a-zA-Z0-9])[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * The labels of a configuration, by index.
 *
 * @returns undefined where the configuration has no `id2label`.
 * @throws AnyformerError `INVALID_FILE` when the ids are not 0 … n-1 or a label is no text or
 *   stands twice.
 */
export function labelsFromConfig(config: JsonObject, name = 'config.json'): string[] | undefined {
  const id2label = config.id2label;
  if (id2label === undefined || id2label === null) return undefined;
  const fail = (reason: string) => new AnyformerError('INVALID_FILE', `${name}: ${reason}.`);
  if (!isJsonObject(id2label)) {
    throw fail(`id2label must be an object of id: label, received ${show(id2label)}`);
  }
  const count = Object.keys(id2label).length;
  const labels = new Set<string>();
  for (let id = 0; id < count; id++) {
    if (!Object.hasOwn(id2label, String(id))) {
      throw fail(`id2label has ${count} labels and none for id ${id}; ids must run from 0`);
    }
    const label = id2label[id];
    if (typeof label !== 'string') throw fail(`id2label.${id} must be a text, is ${show(label)}`);
    if (labels.has(label)) throw fail(`id2label has the label ${show(label)} twice`);
    labels.add(label);
  }
  return [...labels];
}

/** `['no', 'yes']` -> `{ id2label: { 0: 'no', 1: 'yes' }, label2id: { no: 0, yes: 1 } }`. */
export function labelsToConfig(labels: readonly string[]): {
  id2label: Record<string, string>;
  label2id: Record<string, number>;
} {
  return {
    id2label: Object.fromEntries(labels.map((label, id) => [String(id), label])),
    label2id: Object.fromEntries(labels.map((label, id) => [label, id])),
  };
}

function mapKeys(
  object: JsonObject,
  rename: (key: string) => string,
  onCollision: (path: string) => never,
  path = '',
): JsonObject {
  const mapValue = (value: unknown, where: string): unknown => {
    if (Array.isArray(value)) return value.map((item) => mapValue(item, where));
    return isJsonObject(value) ? mapKeys(value, rename, onCollision, `${where}.`) : value;
  };
  const renamed = new Map<string, unknown>();
  for (const [key, value] of Object.entries(object)) {
    const newKey = rename(key);
    if (renamed.has(newKey)) onCollision(path + newKey);
    const isData = KEYED_BY_DATA.has(camelToSnake(key));
    renamed.set(newKey, isData ? value : mapValue(value, path + newKey));
  }
  return Object.fromEntries([...renamed].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function checkJsonValue(value: unknown, path: string): void {
  if (value === null || value === undefined) return;
  if (typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number' && Number.isFinite(value)) return;
  if (Array.isArray(value)) {
    value.forEach((item, index) => {
      checkJsonValue(item, `${path}[${index}]`);
    });
  } else if (isPlainObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      checkJsonValue(item, path === '' ? key : `${path}.${key}`);
    }
  } else {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `The configuration's ${path} is ${show(value)}, which JSON cannot carry; use a text, a finite number, a boolean, null, an array or a plain object.`,
    );
  }
}

function isPlainObject(value: unknown): value is JsonObject {
  if (!isJsonObject(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
