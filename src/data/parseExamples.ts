import { show } from '../core/errors.ts';
import { collectTable } from './collectTable.ts';
import { type AskedColumns, columnsByName, findExampleColumns } from './findColumns.ts';
import type { TextExample } from './labels.ts';
import type { RowProblem, TableRow } from './table.ts';
import { readTable } from './tableReaders.ts';
import type { TextSource } from './textChunks.ts';

/** Which columns hold what. */
export interface ExampleColumns {
  readonly text: string;
  readonly label: string;
}

export interface ExamplesFound {
  readonly examples: TextExample[];
  /** Every row that gave no example, in the order of the file. */
  readonly problems: RowProblem[];
  /** The columns that were read. */
  readonly columns: ExampleColumns;
}

export interface ParseExamplesOptions extends AskedColumns<'text' | 'label'> {
  /** `csv`, `tsv`, `jsonl`, `ndjson` or `json`: the ending of the file's name. */
  readonly format: string;
  /** Of a csv; found out from its header where it is left out. */
  readonly delimiter?: string | undefined;
}

/**
 * Reads labelled texts from a table of any known format. Bad rows are counted and named, never
 * dropped in silence.
 *
 * @throws AnyformerError `INVALID_ARGUMENT` for an unknown format; `INVALID_DATA` when a column is
 *   missing or not clear, or no row can be used.
 *
 * @example
 * const { examples, problems } = await parseExamples('text,label\nhello,ham\n', { format: 'csv' });
 */
export async function parseExamples(
  source: TextSource,
  { format, delimiter, ...asked }: ParseExamplesOptions,
): Promise<ExamplesFound> {
  const unreadable: RowProblem[] = [];
  const onProblem = (problem: RowProblem) => void unreadable.push(problem);
  const rows = await readTable(source, { format, delimiter, onProblem });
  return examplesFromTable(rows, asked, unreadable);
}

/**
 * Picks the text and the label out of each row.
 *
 * Labels are texts, numbers or booleans, which become texts, or an array of those for several
 * labels at once; white space around them goes. Rows without one of the two are problems.
 *
 * @param rows as a reader gives them.
 * @param asked the names of the two columns; those left out are found.
 * @param unreadable rows the reader itself gave up, to be listed among the problems.
 * @throws AnyformerError `INVALID_DATA` when a column is missing or not clear (listing those present),
 *   or no row can be used.
 *
 * @example
 * const { examples, problems } = await examplesFromTable(readJsonl(source), { text: 'body' });
 */
export async function examplesFromTable(
  rows: Iterable<TableRow> | AsyncIterable<TableRow>,
  asked: AskedColumns<'text' | 'label'>,
  unreadable: readonly RowProblem[] = [],
): Promise<ExamplesFound> {
  const { items, problems, columns } = await collectTable<ExampleColumns, TextExample>(
    rows,
    {
      needed: 'a text and a label',
      byName(present) {
        const { text, label } = columnsByName(['text', 'label'], asked, present);
        return text !== undefined && label !== undefined ? { text, label } : undefined;
      },
      byContent: (present, table) => findExampleColumns(asked, present, table),
      itemOf: exampleOf,
    },
    unreadable,
  );
  return { examples: items, problems, columns };
}

/** The example of a row, or the reason why there is none. */
function exampleOf(
  values: Readonly<Record<string, unknown>>,
  columns: ExampleColumns,
): TextExample | string {
  const text = Object.hasOwn(values, columns.text) ? values[columns.text] : undefined;
  const label = Object.hasOwn(values, columns.label) ? values[columns.label] : undefined;
  if (typeof text !== 'string') return `${columns.text} must be a text, is ${show(text)}`;
  if (text.trim() === '') return `${columns.text} is empty`;
  if (Array.isArray(label)) {
    const names = label.map(labelName);
    return names.every((name) => name !== undefined)
      ? { text, label: [...new Set(names)] }
      : `${columns.label} must hold texts, is ${show(label)}`;
  }
  if (typeof label === 'string' && label.trim() === '') return `${columns.label} is empty`;
  const name = labelName(label);
  return name === undefined
    ? `${columns.label} must be a text, is ${show(label)}`
    : { text, label: name };
}

function labelName(value: unknown): string | undefined {
  if (typeof value === 'string') return value.trim() || undefined;
  if (typeof value === 'boolean' || Number.isFinite(value)) return String(value);
  return undefined;
}
