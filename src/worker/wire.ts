import { tagOf } from '../core/tagOf.ts';
import { MemoryStorage } from '../storage/memoryStorage.ts';
import { isStorage, type Storage } from '../storage/storage.ts';
import { Tokenizer } from '../tokenizers/index.ts';
import { pull, SharedIterable } from './iterables.ts';
import { errorFromWire, errorToWire, isError, type WireError } from './wireError.ts';

/** Makes values ready to be posted. */
export interface Encoding {
  /** Buffers to be handed over. */
  readonly transfer: Transferable[];
  /** Whether typed arrays are handed over: what a worker gives away, it does not need any more. */
  readonly handsOver: boolean;
  /** Lets the other side call an object's methods, until what it belongs to has ended. */
  share(target: object): number;
  /** Calls back when what these values belong to has ended. */
  onEnd(act: () => void): void;
  /** Tells the other side that a signal has fired. */
  abort(id: number, reason: unknown): void;
}

/** Makes values of what was posted. */
export interface Decoding {
  /** Calls a method of an object that the other side shares. */
  invoke(id: number, method: string, args: readonly unknown[]): Promise<unknown>;
  /** The signal that the other side's `abort` fires. */
  signal(id: number): AbortController;
  /** A call of a function, whose end perhaps nobody waits for. */
  called(id: number, args: readonly unknown[]): Promise<unknown>;
}

/** How values of one kind cross. What has no row crosses as structured clones do. */
interface Kind {
  readonly name: string;
  is(value: object, encoding: Encoding): boolean;
  // biome-ignore lint/suspicious/noExplicitAny: `is` has told what it is.
  encode(value: any, encoding: Encoding): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: `encode` has made it.
  decode(wire: any, decoding: Decoding): unknown;
}

interface FileOnWire {
  readonly content: Blob;
  readonly name: string;
  readonly type: string;
  readonly lastModified: number;
}

const KINDS: readonly Kind[] = [
  {
    name: 'function',
    is: (value) => typeof value === 'function',
    encode: (call: (...args: unknown[]) => unknown, { share }) => share({ call }),
    decode:
      (id: number, { called }) =>
      (...args: unknown[]) =>
        called(id, args),
  },
  {
    name: 'error',
    is: isError,
    encode: (error: Error, encoding) => ({
      ...errorToWire(error),
      cause: encode(error.cause, encoding),
      own: encode({ ...error }, encoding),
    }),
    decode: (wire: WireError, decoding) =>
      errorFromWire({
        ...wire,
        cause: decode(wire.cause, decoding),
        own: decode(wire.own, decoding) as WireError['own'],
      }),
  },
  {
    name: 'url',
    is: (value) => tagOf(value) === 'URL',
    encode: ({ href }: URL) => href,
    decode: (href: string) => new URL(href),
  },
  {
    // Node's structured clone of a File is a Blob without a name.
    name: 'file',
    is: (value) => tagOf(value) === 'File',
    encode: (file: File) => {
      const { name, type, lastModified } = file;
      return { content: file.slice(0, file.size, type), name, type, lastModified };
    },
    decode: ({ content, name, ...about }: FileOnWire) => new File([content], name, about),
  },
  {
    name: 'signal',
    is: (value) => tagOf(value) === 'AbortSignal',
    encode: encodeSignal,
    decode: ({ id, reason }: { id: number; reason?: unknown[] }, decoding) => {
      const controller = decoding.signal(id);
      if (reason) controller.abort(decode(reason[0], decoding));
      return controller.signal;
    },
  },
  {
    // A Map that a worker gives is data; one that it is given is to be filled where it stands.
    name: 'storage',
    is: (value, { handsOver }) => isStorage(value) || (!handsOver && tagOf(value) === 'Map'),
    encode: (value: Storage | Map<string, Uint8Array>, { share }) => {
      const storage = isStorage(value) ? value : new MemoryStorage(value);
      return { location: storage.location, id: share(storage) };
    },
    decode: decodeStorage,
  },
  {
    name: 'iterable',
    is: (value) => Symbol.asyncIterator in value,
    encode: (iterable: AsyncIterable<unknown>, { share, onEnd }) => {
      const shared = new SharedIterable(iterable);
      onEnd(() => shared.end());
      return share(shared);
    },
    decode: (id: number, { invoke }) => ({
      [Symbol.asyncIterator]: () => pull((method, ...args) => invoke(id, method, args)),
    }),
  },
  {
    name: 'tokenizer',
    is: (value) => value instanceof Tokenizer,
    encode: (tokenizer: Tokenizer) => tokenizer.toJSON(),
    decode: ({ tokenizer, tokenizerConfig }: ReturnType<Tokenizer['toJSON']>) =>
      Tokenizer.fromJSON(tokenizer, tokenizerConfig),
  },
];

const KIND = 'anyformer:kind';

const isNested = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** The value as it can be posted; it itself where nothing in it needs more. */
export function encode(value: unknown, encoding: Encoding): unknown {
  if (!isNested(value)) return value;
  if (ArrayBuffer.isView(value)) return handOver(value, encoding);
  const kind = KINDS.find(({ is }) => is(value, encoding));
  if (kind) return { [KIND]: kind.name, wire: kind.encode(value, encoding) };
  return mapInside(value, (inner) => encode(inner, encoding));
}

/** The way back of {@link encode}. */
export function decode(value: unknown, decoding: Decoding): unknown {
  if (!isNested(value)) return value;
  if (KIND in value) {
    const { [KIND]: name, wire } = value as { [KIND]: unknown; wire: unknown };
    return KINDS.find((kind) => kind.name === name)!.decode(wire, decoding);
  }
  return mapInside(value, (inner) => decode(inner, decoding));
}

/** Lists, plain objects and Maps with what `change` makes of their values; anew only if it does. */
function mapInside(value: object, change: (inner: unknown) => unknown): unknown {
  if (Array.isArray(value)) {
    const changed = value.map(change);
    return changed.some((inner, i) => inner !== value[i]) ? changed : value;
  }
  if (tagOf(value) === 'Map') {
    return new Map(
      [...(value as Map<unknown, unknown>)].map(([key, inner]) => [key, change(inner)]),
    );
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return value;
  const before = Object.entries(value);
  const after = before.map(([key, inner]) => [key, change(inner)] as const);
  return after.some(([, inner], i) => inner !== before[i]![1]) ? Object.fromEntries(after) : value;
}

/** Hands a buffer over where it is all of the array's own; others are copied. */
function handOver(view: ArrayBufferView, { handsOver, transfer }: Encoding): ArrayBufferView {
  const { buffer, byteLength } = view;
  const isOwn = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  if (handsOver && isOwn && !transfer.includes(buffer)) transfer.push(buffer);
  return view;
}

function encodeSignal(signal: AbortSignal, encoding: Encoding) {
  const id = encoding.share(signal);
  if (signal.aborted) return { id, reason: [encode(signal.reason, encoding)] };
  const fire = () => encoding.abort(id, signal.reason);
  signal.addEventListener('abort', fire);
  encoding.onEnd(() => signal.removeEventListener('abort', fire));
  return { id };
}

function decodeStorage(
  { location, id }: { location: string; id: number },
  { invoke }: Decoding,
): Storage {
  const call =
    (method: string) =>
    (...args: unknown[]) =>
      invoke(id, method, args) as Promise<never>;
  const methods = ['read', 'write', 'has', 'list', 'remove'] as const;
  const bound = Object.fromEntries(methods.map((method) => [method, call(method)]));
  return { location, ...bound } as unknown as Storage;
}
