import { AnyformerError, show } from '../core/errors.ts';
import { collectTable } from './collectTable.ts';
import { type AskedColumns, columnsByName, findTextColumn } from './findColumns.ts';
import type { RowProblem, TableRow } from './table.ts';
import { readTable } from './tableReaders.ts';
import { decodeText } from './textChunks.ts';

export interface TextsFound {
  readonly texts: string[];
  /** Every row that gave no text, in the order of the file. */
  readonly problems: RowProblem[];
}

export interface ParseTextsOptions extends AskedColumns<'text'> {
  /** `txt`, `csv`, `tsv`, `jsonl`, `ndjson` or `json`: the ending of the file's name. */
  readonly format: string;
}

/**
 * Reads texts without labels: the whole of a `txt` as one, or a column of a table. Bad rows are named,
 * never dropped in silence.
 *
 * @throws AnyformerError `INVALID_ARGUMENT` for an unknown format; `INVALID_DATA` when the column is
 *   missing or not clear, or no row can be used.
 *
 * @example
 * const { texts } = await parseTexts(await readFile('tales.txt'), { format: 'txt' });
 */
export async function parseTexts(
  bytes: Uint8Array,
  { format, ...asked }: ParseTextsOptions,
): Promise<TextsFound> {
  if (format === 'txt' && asked.text !== undefined) {
    throw new AnyformerError(
      'INVALID_DATA',
      `A txt has no columns, and ${show(asked.text)} was asked for; leave textColumn out, or pass a table.`,
    );
  }
  if (format === 'txt') return { texts: [decodeText(bytes)], problems: [] };
  const unreadable: RowProblem[] = [];
  const onProblem = (problem: RowProblem) => void unreadable.push(problem);
  const rows = await readTable(bytes, { format, onProblem });
  const { items, problems } = await collectTable<{ text: string }, { text: string }>(
    rows,
    {
      needed: 'a text',
      byName(present) {
        const { text } = columnsByName(['text'], asked, present);
        return text === undefined ? undefined : { text };
      },
      byContent: (present, table) => findTextColumn(asked, present, table),
      itemOf: textOf,
    },
    unreadable,
  );
  return { texts: items.map(({ text }) => text), problems };
}

/** The text of a row, or the reason why there is none. */
function textOf(values: TableRow['values'], columns: { text: string }): { text: string } | string {
  const text = Object.hasOwn(values, columns.text) ? values[columns.text] : undefined;
  if (typeof text !== 'string') return `${columns.text} must be a text, is ${show(text)}`;
  return text.trim() === '' ? `${columns.text} is empty` : { text };
}
