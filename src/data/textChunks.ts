import { AnyformerError, show } from '../core/errors.ts';

/** Text to read: whole, or in parts as a stream gives them. Bytes are UTF-8, or UTF-16 with its mark. */
export type TextSource =
  | string
  | Uint8Array
  | Blob
  | ReadableStream<Uint8Array | string>
  | Iterable<Uint8Array | string>
  | AsyncIterable<Uint8Array | string>;

// Long strings are handed out in parts, so that readers need not hold all their rows at once.
const CHUNK_LENGTH = 1 << 20;

/**
 * Any source of text as a stream of strings, without a byte order mark and with `\n` as the only
 * line break.
 *
 * @throws AnyformerError `INVALID_DATA` when bytes are no text in UTF-8 or UTF-16; `INVALID_ARGUMENT` for what is no
 *   source of text.
 */
export async function* textChunks(source: TextSource): AsyncGenerator<string> {
  const decoder = new BytesDecoder();
  let isFirst = true;
  // A carriage return at the end of a part: a line feed may follow in the next.
  let carried = '';
  for await (const part of partsOf(source)) {
    let text = carried + (typeof part === 'string' ? part : decoder.decode(part));
    if (text === '') continue;
    if (isFirst) checkNoBinary(text);
    if (isFirst && text.startsWith('\ufeff')) text = text.slice(1);
    isFirst = false;
    carried = text.endsWith('\r') ? '\r' : '';
    yield unifyLineBreaks(carried ? text.slice(0, -1) : text);
  }
  yield unifyLineBreaks(carried + decoder.decode());
}

/** The whole text of a file as it is, with its own line breaks. @throws as {@link textChunks}. */
export function decodeText(bytes: Uint8Array): string {
  const decoder = new BytesDecoder();
  const text = decoder.decode(bytes) + decoder.decode();
  checkNoBinary(text);
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

/** The lines of a text with their numbers, from 1; the last one counts also without a line break. */
export async function* textLines(
  source: TextSource,
): AsyncGenerator<{ line: number; text: string }> {
  let line = 0;
  let rest = '';
  for await (const chunk of textChunks(source)) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines) yield { line: ++line, text };
  }
  if (rest !== '') yield { line: ++line, text: rest };
}

function unifyLineBreaks(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}

/** Bytes as they arrive, as text: UTF-8, or UTF-16 where they begin with its byte order mark. */
class BytesDecoder {
  #decoder: TextDecoder | undefined;
  #first: Uint8Array = new Uint8Array(0);

  /** @param bytes the next ones; without them it is the end. */
  decode(bytes?: Uint8Array): string {
    let next = bytes;
    if (!this.#decoder) {
      // The mark has two bytes, and a part may have one.
      next = bytes ? joined(this.#first, bytes) : this.#first;
      this.#first = next;
      if (bytes && next.length < 2) return '';
      this.#decoder = new TextDecoder(encodingOf(next), { fatal: true, ignoreBOM: true });
    }
    try {
      return next
        ? this.#decoder.decode(next, { stream: bytes !== undefined })
        : this.#decoder.decode();
    } catch (cause) {
      throw new AnyformerError(
        'INVALID_DATA',
        'The data is not UTF-8 text; convert it first, for example with: iconv -f latin1 -t utf-8, or save it as UTF-8 where it was made.',
        { cause },
      );
    }
  }
}

function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return 'utf-8';
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}

// As git tells a binary file.
const BINARY_WITHIN = 8000;

function checkNoBinary(text: string): void {
  if (!text.slice(0, BINARY_WITHIN).includes('\0')) return;
  throw new AnyformerError(
    'INVALID_DATA',
    'The data has zero bytes, as a binary file has, or UTF-16 without a byte order mark; save it as UTF-8 text.',
  );
}

async function* partsOf(source: TextSource): AsyncGenerator<Uint8Array | string> {
  if (typeof source === 'string') {
    for (let i = 0; i < source.length; i += CHUNK_LENGTH) yield source.slice(i, i + CHUNK_LENGTH);
  } else if (ArrayBuffer.isView(source)) {
    yield source;
  } else if (isObject(source) && 'getReader' in source) {
    yield* streamParts(source);
  } else if (isObject(source) && 'stream' in source) {
    yield* streamParts(source.stream());
  } else if (isObject(source) && (Symbol.asyncIterator in source || Symbol.iterator in source)) {
    yield* source;
  } else {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `${show(source)} is no source of text; pass a string, bytes, a Blob, a stream or an iterable of strings or bytes.`,
    );
  }
}

/** By its reader: Safari's streams are not iterable. */
async function* streamParts<T>(stream: ReadableStream<T>): AsyncGenerator<T> {
  const reader = stream.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
  } finally {
    // Also when the consumer leaves early: whatever feeds the stream can stop.
    await reader.cancel();
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
