import { AnyformerError } from '../core/errors.ts';
import type { RowProblem, TableRow } from './table.ts';

// Rows to look at before a column that none of them has is called missing.
const LOOK_AHEAD = 100;

/** How the rows of a table become what is wanted of it. */
export interface TableReading<Columns, Item> {
  /** The columns by their names alone; undefined where those do not tell. */
  byName(present: readonly string[]): Columns | undefined;
  /** The columns by all there is to know. */
  byContent(present: readonly string[], rows: readonly TableRow[]): Columns;
  /** What a row gives, or the reason why it gives nothing. */
  itemOf(values: TableRow['values'], columns: Columns): Item | string;
  /** What each row needs, for the message: `a text and a label`. */
  readonly needed: string;
}

export interface TableCollected<Columns, Item> {
  readonly items: Item[];
  /** Every row that gave nothing, in the order of the file. */
  readonly problems: RowProblem[];
  readonly columns: Columns;
}

/**
 * Finds the columns of a table and collects what its rows give. Rows are kept only as long as their
 * columns are not known.
 *
 * @param unreadable rows that the reader itself gave up, to be listed among the problems.
 * @throws AnyformerError `INVALID_DATA` when a column is missing or not clear, or no row can be used.
 */
export async function collectTable<Columns, Item>(
  rows: Iterable<TableRow> | AsyncIterable<TableRow>,
  { byName, byContent, itemOf, needed }: TableReading<Columns, Item>,
  unreadable: readonly RowProblem[],
): Promise<TableCollected<Columns, Item>> {
  const items: Item[] = [];
  const problems: RowProblem[] = [];
  const present = new Set<string>();
  let columns: Columns | undefined;
  let waiting: TableRow[] = [];
  const take = (known: Columns, { row, values }: TableRow) => {
    const item = itemOf(values, known);
    if (typeof item === 'string') problems.push({ row, reason: item });
    else items.push(item);
  };
  let count = 0;
  for await (const row of rows) {
    if (columns !== undefined) {
      take(columns, row);
      continue;
    }
    waiting.push(row);
    for (const name of Object.keys(row.values)) present.add(name);
    if (++count !== LOOK_AHEAD) continue;
    columns = byName([...present]);
    if (columns === undefined) continue;
    for (const kept of waiting) take(columns, kept);
    waiting = [];
  }
  if (columns === undefined && count > 0) {
    columns = byContent([...present], waiting);
    for (const kept of waiting) take(columns, kept);
  }
  problems.push(...unreadable);
  problems.sort((a, b) => a.row - b.row);
  if (items.length === 0 || columns === undefined) throw nothingToUse(problems, needed);
  return { items, problems, columns };
}

function nothingToUse(problems: readonly RowProblem[], needed: string): AnyformerError {
  const [first] = problems;
  return new AnyformerError(
    'INVALID_DATA',
    first === undefined
      ? `The table has no rows; it needs ${needed} in each.`
      : `None of the ${problems.length} rows can be used; row ${first.row}: ${first.reason}.`,
  );
}
