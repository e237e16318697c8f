import { AnyformerError, show } from '../core/errors.ts';
import { isJsonObject } from '../formats/json.ts';
import { type OnProblem, type TableRow, throwProblem } from './table.ts';
import { type TextSource, textChunks, textLines } from './textChunks.ts';

export interface ReadJsonOptions {
  /** Receives each bad row; without it the first one is thrown. */
  readonly onProblem?: OnProblem | undefined;
}

/**
 * Reads JSON Lines: one object a line. Blank lines are skipped.
 *
 * @param source the text itself or a stream of it.
 * @throws AnyformerError `INVALID_DATA` for a bad row without `onProblem`.
 *
 * @example
 * const rows = readJsonl('{"text":"hello","label":"ham"}\n');
 *
 * @see https://jsonlines.org
 */
export async function* readJsonl(
  source: TextSource,
  { onProblem = throwProblem }: ReadJsonOptions = {},
): AsyncGenerator<TableRow> {
  for await (const { line, text } of textLines(source)) {
    if (text.trim() === '') continue;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      onProblem({ row: line, reason: `it is not JSON (${messageOf(cause)})` });
      continue;
    }
    yield* rowOf(line, value, onProblem);
  }
}

/**
 * Reads one JSON array of objects.
 *
 * @param source the text itself or a stream of it; parsed as a whole.
 * @throws AnyformerError `INVALID_DATA` when it is no JSON array, or for a bad row without
 *   `onProblem`.
 *
 * @example
 * const rows = readJson('[{ "text": "hello", "label": "ham" }]');
 */
export async function* readJson(
  source: TextSource,
  { onProblem = throwProblem }: ReadJsonOptions = {},
): AsyncGenerator<TableRow> {
  const chunks: string[] = [];
  for await (const chunk of textChunks(source)) chunks.push(chunk);
  const rows = parseArray(chunks.join(''));
  for (const [index, value] of rows.entries()) yield* rowOf(index + 1, value, onProblem);
}

function parseArray(text: string): unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AnyformerError(
      'INVALID_DATA',
      `The data is not JSON (${messageOf(cause)}); where each line is an object of its own, read it as JSON Lines (.jsonl).`,
      { cause },
    );
  }
  if (Array.isArray(value)) return value;
  throw new AnyformerError(
    'INVALID_DATA',
    `The data must be a JSON array of objects, received ${show(value)}.`,
  );
}

function* rowOf(row: number, value: unknown, onProblem: OnProblem): Generator<TableRow> {
  if (isJsonObject(value)) yield { row, values: value };
  else onProblem({ row, reason: `it must be an object, is ${show(value)}` });
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
