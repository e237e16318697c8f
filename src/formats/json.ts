import { AnyformerError, show } from '../core/errors.ts';

export type JsonObject = { [key: string]: unknown };

export interface JsonOptions {
  /**
   * Whether a key that stands twice in one object is refused, since parsers disagree about which of
   * the two counts. It takes longer than the parsing. Default: true.
   */
  readonly uniqueKeys?: boolean;
}

/**
 * Parses UTF-8 bytes (or text) that must hold one JSON object.
 *
 * @param name the file, for the message.
 * @throws AnyformerError `INVALID_FILE`.
 */
export function parseJsonObject(
  source: Uint8Array | string,
  name: string,
  { uniqueKeys = true }: JsonOptions = {},
): JsonObject {
  const text = typeof source === 'string' ? source : decodeUtf8(source, name);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AnyformerError(
      'INVALID_FILE',
      `${name} is not JSON (${reason}); it begins with ${show(text.slice(0, 60))}. It may be torn or another kind of file: fetch or save it again.`,
      { cause },
    );
  }
  if (!isJsonObject(value)) {
    throw new AnyformerError(
      'INVALID_FILE',
      `${name} must hold a JSON object, received ${show(value)}.`,
    );
  }
  const twice = uniqueKeys ? findDuplicateKey(text) : undefined;
  if (twice !== undefined) {
    throw new AnyformerError(
      'INVALID_FILE',
      `${name} has the key ${show(twice)} twice in one object; keep one of the two.`,
    );
  }
  return value;
}

/** Whether a parsed JSON value is an object: not null, not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function decodeUtf8(bytes: Uint8Array, name: string): string {
  try {
    // A byte order mark is kept, so that JSON.parse refuses it like every other JSON parser.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new AnyformerError(
      'INVALID_FILE',
      `${name} is not UTF-8 text; it may be torn or another kind of file: fetch or save it again.`,
      { cause },
    );
  }
}

/** The first key that stands twice in one object of `text`, which is known to be valid JSON. */
function findDuplicateKey(text: string): string | undefined {
  // One set of keys for each open object, undefined for each open array.
  const open: (Set<string> | undefined)[] = [];
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '{') open.push(new Set());
    else if (character === '[') open.push(undefined);
    else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const end = endOfString(text, i);
      const keys = open.at(-1);
      if (keys !== undefined && isFollowedByColon(text, end)) {
        // Parsed, since one key can be escaped in several ways.
        const key: string = JSON.parse(text.slice(i, end));
        if (keys.has(key)) return key;
        keys.add(key);
      }
      i = end - 1;
    }
  }
  return undefined;
}

/** The index behind the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  // Not a regular expression: over strings of many megabytes its backtracking stack overflows.
  let i = start + 1;
  while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
  return i + 1;
}

function isFollowedByColon(text: string, end: number): boolean {
  let i = end;
  while (text[i] === ' ' || text[i] === '\n' || text[i] === '\r' || text[i] === '\t') i++;
  return text[i] === ':';
}
