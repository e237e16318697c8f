import { AnyformerError, show, throwIfAborted } from '../core/errors.ts';
import type { RowProblem, TableRow } from '../data/table.ts';

/** Rows of a table, each an object with a value for each column. */
export type TableSource = Iterable<object> | AsyncIterable<object>;

/**
 * Numbers rows that were passed themselves, from 1; what is no object is a problem.
 *
 * @throws AnyformerError `INVALID_ARGUMENT` for what is no rows, and for a `delimiter`, which is of a csv.
 */
export function rowsOf(
  source: unknown,
  where: string,
  options: { readonly delimiter?: string | undefined; readonly signal?: AbortSignal | undefined },
): { readonly rows: AsyncIterable<TableRow>; readonly problems: readonly RowProblem[] } {
  if (options.delimiter !== undefined) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `${where}: delimiter ${show(options.delimiter)} is for a csv, and rows were passed; leave it out, or pass { format: 'csv' } with the text in parts.`,
    );
  }
  if (typeof source !== 'object' || source === null || !isIterable(source)) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `${where} takes the path or address of a file, a File or Blob, or rows as an array or AsyncIterable of objects, received ${show(source)}.`,
    );
  }
  const problems: RowProblem[] = [];
  return { rows: numbered(source, where, problems, options.signal), problems };
}

async function* numbered(
  source: Iterable<unknown> | AsyncIterable<unknown>,
  where: string,
  problems: RowProblem[],
  signal: AbortSignal | undefined,
): AsyncGenerator<TableRow> {
  let row = 0;
  for await (const values of source) {
    throwIfAborted(signal, 'Reading the rows');
    row++;
    if (typeof values === 'string' || ArrayBuffer.isView(values)) {
      throw new AnyformerError(
        'INVALID_ARGUMENT',
        `${where}: row ${row} is ${show(values)}, not an object. For parts of a file's text pass { format } with them.`,
      );
    }
    if (typeof values === 'object' && values !== null && !Array.isArray(values)) {
      yield { row, values: values as TableRow['values'] };
    } else {
      problems.push({ row, reason: `it must be an object, is ${show(values)}` });
    }
  }
}

const isIterable = (value: object): value is Iterable<unknown> | AsyncIterable<unknown> =>
  Symbol.iterator in value || Symbol.asyncIterator in value;
