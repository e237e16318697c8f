import { AnyformerError, show } from '../core/errors.ts';
import type { RowProblem } from '../data/table.ts';
import { readTable } from '../data/tableReaders.ts';
import type { tableOptions } from './dataOptions.ts';
import { openData } from './dataSource.ts';
import type { Values } from './options.ts';

/** A text and the row that it stands in. */
export interface TextRow {
  readonly row: number;
  readonly text: string;
}

/**
 * The texts of a table as they arrive; of a txt, the lines.
 *
 * @param problems is given the rows that hold no text.
 * @returns a function that begins to read; what is wrong with the name is found before.
 * @throws AnyformerError `INVALID_DATA` for a column that is not there.
 */
export async function openTexts(path: string, values: Values<typeof tableOptions>) {
  const { format, delimiter, textColumn = 'text' } = values;
  const source = await openData(path, format, 'txt');
  return async function* texts(problems: RowProblem[]): AsyncGenerator<TextRow> {
    const onProblem = (problem: RowProblem) => void problems.push(problem);
    const rows = await readTable(source.bytes, { format: source.format, delimiter, onProblem });
    for await (const { row, values } of rows) {
      const text = Object.hasOwn(values, textColumn) ? values[textColumn] : undefined;
      if (typeof text === 'string') yield { row, text };
      else if (text !== undefined)
        onProblem({ row, reason: `${textColumn} is ${show(text)}, no text` });
      else throw noColumn(source.name, row, textColumn, Object.keys(values));
    }
  };
}

function noColumn(name: string, row: number, column: string, present: readonly string[]) {
  return new AnyformerError(
    'INVALID_DATA',
    `${name}: row ${row} has no column ${show(column)}; it has ${present.map(show).join(', ')}. Name it by --text-column.`,
  );
}
