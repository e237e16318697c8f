import { AnyformerError, show } from '../core/errors.ts';
import { isJsonObject, type JsonObject, parseJsonObject } from './json.ts';

/**
 * Bytes of one element of each dtype, in the format's own order of rising alignment:
 * a writer sorts by it, highest first, so that every tensor starts aligned.
 */
export const bytesPerElement = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const;

export type SafeTensorDtype = keyof typeof bytesPerElement;

/** One tensor of a file: row-major, little-endian bytes. */
export interface SafeTensor {
  readonly dtype: SafeTensorDtype;
  readonly shape: readonly number[];
  /** A view of the file's bytes when read: nothing is copied. */
  readonly data: Uint8Array;
}

export interface SafeTensorsFile {
  /** By name, in the order of their data. */
  readonly tensors: Map<string, SafeTensor>;
  /** The free texts of `__metadata__`; empty where the file has none. */
  readonly metadata: Readonly<Record<string, string>>;
}

const LENGTH_BYTES = 8;
// The limit of the reference implementation.
const MAX_HEADER_BYTES = 100_000_000;
const METADATA_KEY = '__metadata__';
const DTYPES = Object.keys(bytesPerElement) as SafeTensorDtype[];

/**
 * Parses a `.safetensors` file: 8 bytes of header length, a JSON header, the data of all tensors
 * without gap or overlap.
 *
 * @param bytes the whole file. The tensors are views of it.
 * @param name the file's name, for messages.
 * @throws AnyformerError `INVALID_FILE` naming the file and the reason.
 *
 * @example
 * const { tensors } = readSafetensors(await storage.read('model.safetensors'), 'model.safetensors');
 * const weight = toFloat32(tensors.get('bert.pooler.dense.weight')!);
 *
 * @see https://github.com/huggingface/safetensors#format
 */
export function readSafetensors(bytes: Uint8Array, name = 'the safetensors file'): SafeTensorsFile {
  const headerBytes = readHeaderLength(bytes, name);
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + headerBytes), name);
  const data = bytes.subarray(LENGTH_BYTES + headerBytes);

  const entries: Entry[] = [];
  let metadata: Record<string, string> = {};
  for (const [key, value] of Object.entries(header)) {
    if (key === METADATA_KEY) metadata = checkMetadata(value, name);
    else entries.push(checkEntry(key, value, name));
  }
  entries.sort((a, b) => a.start - b.start || a.end - b.end);
  checkCoverage(entries, data.byteLength, name);

  const tensors = new Map<string, SafeTensor>();
  for (const { key, dtype, shape, start, end } of entries) {
    tensors.set(key, { dtype, shape, data: data.subarray(start, end) });
  }
  return { tensors, metadata };
}

interface Entry {
  readonly key: string;
  readonly dtype: SafeTensorDtype;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

function invalid(name: string, reason: string): AnyformerError {
  return new AnyformerError(
    'INVALID_FILE',
    `${name} is not a valid safetensors file: ${reason}. It may be torn or foreign: fetch or save it again.`,
  );
}

function readHeaderLength(bytes: Uint8Array, name: string): number {
  if (bytes.byteLength < LENGTH_BYTES) {
    throw invalid(
      name,
      `it has ${bytes.byteLength} bytes, fewer than the 8 of the header's length`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw invalid(
      name,
      `its header claims ${length} bytes, above the limit of ${MAX_HEADER_BYTES}`,
    );
  }
  if (Number(length) > bytes.byteLength - LENGTH_BYTES) {
    throw invalid(name, `its header claims ${length} bytes, the file has ${bytes.byteLength}`);
  }
  return Number(length);
}

function parseHeader(bytes: Uint8Array, name: string): JsonObject {
  // The format demands it, so that a header cannot hide behind white space.
  if (bytes[0] !== '{'.charCodeAt(0)) throw invalid(name, `its header does not begin with '{'`);
  return parseJsonObject(bytes, `the header of ${name}`);
}

function checkMetadata(value: unknown, name: string): Record<string, string> {
  if (value === null) return {};
  if (!isJsonObject(value)) {
    throw invalid(name, `${METADATA_KEY} must be an object of texts, received ${show(value)}`);
  }
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') {
      throw invalid(name, `${METADATA_KEY}.${key} must be a text, received ${show(text)}`);
    }
  }
  return value as Record<string, string>;
}

function checkEntry(key: string, value: unknown, name: string): Entry {
  const fail = (reason: string) => invalid(name, `tensor ${show(key)} ${reason}`);
  if (!isJsonObject(value)) throw fail(`must be an object, received ${show(value)}`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isDtype(dtype)) {
    throw fail(`has dtype ${show(dtype)}; known are ${DTYPES.join(', ')}`);
  }
  if (!isSizes(shape)) throw fail(`has shape ${show(shape)}, not non-negative integers`);
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw fail(`has data_offsets ${show(offsets)}, not two non-negative integers`);
  }
  const [start, end] = offsets as [number, number];
  if (end < start) throw fail(`ends at byte ${end}, before its start ${start}`);
  const byteLength = bytesOf(dtype, shape);
  if (byteLength !== end - start) {
    throw fail(
      `of dtype ${dtype} and shape [${shape.join(', ')}] needs ${byteLength} bytes, its offsets hold ${end - start}`,
    );
  }
  return { key, dtype, shape, start, end };
}

function checkCoverage(entries: readonly Entry[], dataBytes: number, name: string): void {
  let covered = 0;
  for (const { key, start, end } of entries) {
    if (start !== covered) {
      const what = start < covered ? 'overlaps the tensor before it' : 'leaves a gap before it';
      throw invalid(
        name,
        `tensor ${show(key)} ${what}: it starts at byte ${start}, not ${covered}`,
      );
    }
    covered = end;
  }
  if (covered !== dataBytes) {
    throw invalid(name, `its tensors take ${covered} bytes, the file holds ${dataBytes}`);
  }
}

function isDtype(value: unknown): value is SafeTensorDtype {
  return typeof value === 'string' && Object.hasOwn(bytesPerElement, value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function bytesOf(dtype: SafeTensorDtype, shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, bytesPerElement[dtype]);
}

/**
 * Writes tensors as a `.safetensors` file. The same tensors and texts give the same bytes,
 * whatever their order in the map: sorted by alignment, then by name, as the reference library does.
 *
 * @param tensors by name.
 * @param metadata free texts, kept in the header.
 * @throws AnyformerError `INVALID_ARGUMENT` when a tensor's data does not have the size of its
 *   shape, or a name cannot be written.
 *
 * @example
 * const bytes = writeSafetensors(
 *   new Map([['weight', float32Tensor(new Float32Array(6), [2, 3])]]),
 *   { format: 'pt' },
 * );
 *
 * @see https://github.com/huggingface/safetensors#format
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, SafeTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  for (const [name, tensor] of tensors) checkWritable(name, tensor);
  const sorted = [...tensors].sort(
    ([nameA, a], [nameB, b]) =>
      DTYPES.indexOf(b.dtype) - DTYPES.indexOf(a.dtype) || compareCodePoints(nameA, nameB),
  );
  const header = encodeHeader(sorted, metadata);
  const dataBytes = sorted.reduce((sum, [, tensor]) => sum + tensor.data.byteLength, 0);
  const bytes = new Uint8Array(LENGTH_BYTES + header.byteLength + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.byteLength), true);
  bytes.set(header, LENGTH_BYTES);
  let offset = LENGTH_BYTES + header.byteLength;
  for (const [, { data }] of sorted) {
    bytes.set(data, offset);
    offset += data.byteLength;
  }
  return bytes;
}

function encodeHeader(
  sorted: readonly [string, SafeTensor][],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  // Joined by hand: an object would move names that look like integers to the front.
  const fields: string[] = [];
  const texts = Object.entries(metadata).sort(([a], [b]) => compareCodePoints(a, b));
  if (texts.length > 0) {
    const pairs = texts.map(([key, text]) => `${JSON.stringify(key)}:${JSON.stringify(text)}`);
    fields.push(`"${METADATA_KEY}":{${pairs.join(',')}}`);
  }
  let start = 0;
  for (const [name, { dtype, shape, data }] of sorted) {
    const end = start + data.byteLength;
    fields.push(
      `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [start, end] })}`,
    );
    start = end;
  }
  const json = new TextEncoder().encode(`{${fields.join(',')}}`);
  if (json.byteLength > MAX_HEADER_BYTES) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `The safetensors header takes ${json.byteLength} bytes, above the format's limit of ${MAX_HEADER_BYTES}; write fewer tensors, shorter names or less metadata.`,
    );
  }
  // Padded with spaces to 8 bytes, so that the data that follows is aligned.
  const header = new Uint8Array(Math.ceil(json.byteLength / 8) * 8).fill(' '.charCodeAt(0));
  header.set(json);
  return header;
}

function checkWritable(name: string, { dtype, shape, data }: SafeTensor): void {
  if (name === METADATA_KEY || /\p{Surrogate}/u.test(name)) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `A tensor cannot be called ${show(name)} in a safetensors file; choose another name.`,
    );
  }
  if (!isDtype(dtype) || !isSizes(shape) || bytesOf(dtype, shape) !== data.byteLength) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `Tensor ${show(name)} of dtype ${show(dtype)} and shape [${shape.join(', ')}] does not fit its ${data.byteLength} bytes of data.`,
    );
  }
}

/** Orders texts as UTF-8 bytes would be: by code point, not by the UTF-16 units of `<`. */
function compareCodePoints(a: string, b: string): number {
  const left = Array.from(a, (character) => character.codePointAt(0)!);
  const right = Array.from(b, (character) => character.codePointAt(0)!);
  const shared = Math.min(left.length, right.length);
  for (let i = 0; i < shared; i++) {
    if (left[i] !== right[i]) return left[i]! - right[i]!;
  }
  return left.length - right.length;
}
