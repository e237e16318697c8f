import { decodeFile, Refusal } from './decodeFile.ts';
import { type Cells, parseTable } from './parseTable.ts';

/** What was found in a file or a pasted text: one text and one label a row. */
export interface RowsRead {
  readonly texts: readonly string[];
  /** '' where a row has none. */
  readonly labels: readonly string[];
  readonly several: boolean;
  /** Names of all columns, and which two were taken. */
  readonly columns: readonly string[];
  readonly textColumn: number;
  /** -1 where there is one column only. */
  readonly labelColumn: number;
  /** What a person should know of it. */
  readonly notes: readonly string[];
}

/** The columns that a person has chosen; found where left out. */
export interface ColumnsChosen {
  readonly text?: number;
  readonly label?: number;
}

const TEXT_NAMES =
  /^(text|body|message|content|review|sentence|question|tweet|comment|utterance)s?$/i;
const LABEL_NAMES =
  /^(label|class|category|target|sentiment|topic|intent|tag|type|stars|rating)(e?s)?$/i;
/** Rows that are looked at to tell the columns apart. */
const LOOKED_AT = 500;

/** @throws Refusal for what cannot be used, with a sentence for the person. */
export function readRows(source: Uint8Array | string, chosen: ColumnsChosen = {}): RowsRead {
  const { text, note } =
    typeof source === 'string' ? { text: source, note: undefined } : decodeFile(source);
  const cells = parseTable(text);
  if (cells.rows.length === 0) throw new Refusal('There are no rows in it, only a heading.');
  const count = cells.rows.reduce((most, row) => Math.max(most, row.length), 0);
  const columns = Array.from(
    { length: Math.max(count, cells.header?.length ?? 0) },
    (_, column) => cells.header?.[column] || `Column ${column + 1}`,
  );
  const found = { ...findColumns(cells, columns), ...chosen };
  const { texts, labels, without } = pick(cells, found);
  if (texts.length === 0) throw new Refusal('No row in it has a text.');
  const notes = [
    ...(note ? [note] : []),
    ...cells.notes,
    ...(without > 0
      ? [`${rowsOf(without)} without a text ${without === 1 ? 'was' : 'were'} left out.`]
      : []),
  ];
  return {
    ...{ texts, labels, several: cells.several, columns, notes },
    ...{ textColumn: found.text, labelColumn: found.label },
  };
}

function pick({ rows }: Cells, { text, label }: { text: number; label: number }) {
  const texts: string[] = [];
  const labels: string[] = [];
  let without = 0;
  for (const row of rows) {
    const found = row[text]?.trim() ?? '';
    if (found === '') without++;
    else {
      texts.push(found);
      labels.push(row[label]?.trim() ?? '');
    }
  }
  return { texts, labels, without };
}

/** By their names; else the text is what is longest, and the label what repeats most. */
function findColumns({ rows }: Cells, columns: readonly string[]) {
  if (columns.length === 1) return { text: 0, label: -1 };
  const some = rows.slice(0, LOOKED_AT);
  const lengthOf = (column: number) =>
    some.reduce((sum, row) => sum + (row[column]?.length ?? 0), 0);
  const differentOf = (column: number) => {
    const values = new Set(some.map((row) => row[column] ?? ''));
    // A column with one value for all, an empty one for example, tells nothing.
    return values.size < 2 ? some.length + 1 : values.size;
  };
  const label = columns.findIndex((name) => LABEL_NAMES.test(name));
  const all = columns.map((_, column) => column);
  const named = columns.findIndex((name) => TEXT_NAMES.test(name));
  const text =
    named >= 0
      ? named
      : bestOf(
          all.filter((column) => column !== label),
          lengthOf,
        );
  const rest = all.filter((column) => column !== text);
  return { text, label: label >= 0 ? label : bestOf(rest, (column) => -differentOf(column)) };
}

function bestOf(columns: readonly number[], worth: (column: number) => number): number {
  return columns.reduce((best, column) => (worth(column) > worth(best) ? column : best));
}

const rowsOf = (count: number) => (count === 1 ? '1 row' : `${count.toLocaleString('en')} rows`);
