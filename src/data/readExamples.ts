import { AnyformerError, show } from '../core/errors.ts';
import { nearestName } from '../core/nearestName.ts';
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
}

export interface ReadExamplesOptions extends ExampleColumns {
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
 *   missing or no row can be used.
 *
 * @example
 * const { examples, problems } = await readExamples(await readFile('mails.csv'), {
 *   format: 'csv',
 *   text: 'body',
 *   label: 'class',
 * });
 */
export async function readExamples(
  source: TextSource,
  { format, text, label, delimiter }: ReadExamplesOptions,
): Promise<ExamplesFound> {
  const unreadable: RowProblem[] = [];
  const onProblem = (problem: RowProblem) => void unreadable.push(problem);
  const rows = await readTable(source, { format, delimiter, onProblem });
  const { examples, problems } = await examplesFromTable(rows, { text, label }, unreadable);
  return { examples, problems };
}

// Rows to look at before a column that none of them has is called missing.
const LOOK_AHEAD = 100;

/**
 * Picks the text and the label out of each row.
 *
 * Labels are texts, numbers or booleans, which become texts, or an array of those for several
 * labels at once; white space around them goes. Rows without one of the two are problems.
 *
 * @param rows as a reader gives them.
 * @param columns the names of the two columns.
 * @param unreadable rows the reader itself gave up, to be listed among the problems.
 * @throws AnyformerError `INVALID_DATA` when a column is missing (listing those present), or no row
 *   can be used.
 *
 * @example
 * const { examples, problems } = await examplesFromTable(readJsonl(source), {
 *   text: 'text',
 *   label: 'label',
 * });
 */
export async function examplesFromTable(
  rows: Iterable<TableRow> | AsyncIterable<TableRow>,
  columns: ExampleColumns,
  unreadable: readonly RowProblem[] = [],
): Promise<ExamplesFound> {
  const examples: TextExample[] = [];
  const problems: RowProblem[] = [];
  const present = new Set<string>();
  let count = 0;
  for await (const { row, values } of rows) {
    for (const name of Object.keys(values)) present.add(name);
    if (++count === LOOK_AHEAD) checkColumns(columns, present);
    const found = exampleOf(values, columns);
    if (typeof found === 'string') problems.push({ row, reason: found });
    else examples.push(found);
  }
  if (count > 0) checkColumns(columns, present);
  problems.push(...unreadable);
  problems.sort((a, b) => a.row - b.row);
  if (examples.length === 0) throw noExamples(problems);
  return { examples, problems };
}

function checkColumns(columns: ExampleColumns, present: ReadonlySet<string>): void {
  for (const [role, name] of Object.entries({ text: columns.text, label: columns.label })) {
    if (present.has(name)) continue;
    const nearest = nearestName(name, present);
    const hint = nearest === undefined ? '' : ` Did you mean ${show(nearest)}?`;
    throw new AnyformerError(
      'INVALID_DATA',
      `There is no column ${show(name)} for the ${role}; there are ${[...present].map(show).join(', ')}.${hint}`,
    );
  }
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

function noExamples(problems: readonly RowProblem[]): AnyformerError {
  const [first] = problems;
  return new AnyformerError(
    'INVALID_DATA',
    first === undefined
      ? 'The table has no rows; it needs a text and a label in each.'
      : `None of the ${problems.length} rows can be used; row ${first.row}: ${first.reason}.`,
  );
}
