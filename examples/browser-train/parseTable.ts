import Papa from 'papaparse';
import { Refusal } from './decodeFile.ts';

/** A file or pasted text, as cells. */
export interface Cells {
  /** Undefined where the first row is a row like the others. */
  readonly header: readonly string[] | undefined;
  readonly rows: readonly (readonly string[])[];
  /** Whether a cell may hold several labels, with {@link SEVERAL} between them. */
  readonly several: boolean;
  readonly notes: readonly string[];
}

/** Stands between several labels of one text. */
export const SEVERAL = ' | ';

const DELIMITERS = ['\t', ',', ';', '|'];
/** Rows that are looked at to see how a table is built. */
const LOOKED_AT = 40;

const NAMES =
  /^(id|text|body|message|content|review|sentence|question|tweet|comment|utterance|title|description|label|class|category|target|sentiment|topic|intent|tag|type|stars?|rating)(e?s)?$/i;

/**
 * Takes a text apart: JSON, JSON lines, or a table with tabs, commas, semicolons or bars. Anything
 * else has one cell a line.
 *
 * @throws Refusal where there are no rows in it.
 */
export function parseTable(text: string): Cells {
  const source = text.replace(/^\ufeff/, '').trim();
  if (source === '') throw new Refusal('There is nothing in it. Choose a file that has rows.');
  if (source.startsWith('[')) {
    const list = parseJson(source);
    if (Array.isArray(list)) return cellsOfRecords(list, []);
  }
  if (source.startsWith('{')) return cellsOfLines(source);
  return cellsOfTable(source);
}

function cellsOfTable(source: string): Cells {
  const delimiter = delimiterOf(source);
  if (delimiter === undefined) {
    const lines = source.split(/\r\n?|\n/).map((line) => line.trim());
    const rows = lines.filter((line) => line !== '').map((line) => [line]);
    const isHeader = rows.length > 1 && NAMES.test(rows[0]![0]!);
    return isHeader
      ? { header: rows[0], rows: rows.slice(1), several: false, notes: [] }
      : { header: undefined, rows, several: false, notes: [] };
  }
  const { data, errors } = Papa.parse<string[]>(source, { delimiter, skipEmptyLines: 'greedy' });
  const open = errors.find(({ code }) => code === 'MissingQuotes');
  if (open) {
    throw new Refusal(
      `Row ${(open.row ?? 0) + 1} opens a quotation mark (") that is never closed, so it cannot be seen where the row ends. Add the closing mark or delete the opening one, then open the file again.`,
    );
  }
  const [first = [], ...others] = data.map((row) => row.map((cell) => cell.trim()));
  const hasHeader = others.length > 0 && isHeader(first, others);
  const header = hasHeader ? first : undefined;
  return { header, rows: hasHeader ? others : [first, ...others], several: false, notes: [] };
}

/** What parts the cells of nearly every row; undefined where there is nothing. */
function delimiterOf(source: string): string | undefined {
  let best: { delimiter: string; share: number } | undefined;
  for (const delimiter of DELIMITERS) {
    const { data } = Papa.parse<string[]>(source, {
      ...{ delimiter, preview: LOOKED_AT, skipEmptyLines: 'greedy' },
    });
    const [first = []] = data;
    if (first.length > 1 && first.some((name) => NAMES.test(name.trim()))) return delimiter;
    const lengths = data.map(({ length }) => length);
    const usual = lengths[0] ?? 1;
    const share = lengths.filter((length) => length === usual).length / lengths.length;
    if (usual > 1 && share > (best?.share ?? 0.7)) best = { delimiter, share };
  }
  return best?.delimiter;
}

/** Whether a table's first row names the columns: known names, or short ones that no row has again. */
function isHeader(first: readonly string[], others: readonly (readonly string[])[]): boolean {
  if (first.some((name) => NAMES.test(name))) return true;
  const some = others.slice(0, 2000);
  return first.every(
    (name, column) =>
      name !== '' &&
      name.length <= 24 &&
      name.split(/\s+/).length <= 3 &&
      !some.some((row) => row[column] === name),
  );
}

function cellsOfLines(source: string): Cells {
  const records: unknown[] = [];
  let unreadable = 0;
  const whole = parseJson(source);
  if (whole !== undefined) records.push(whole);
  else {
    for (const line of source.split(/\r\n?|\n/)) {
      if (line.trim() === '') continue;
      const record = parseJson(line);
      if (record === undefined) unreadable++;
      else records.push(record);
    }
  }
  const lines = unreadable === 1 ? '1 line was' : `${unreadable.toLocaleString('en')} lines were`;
  const notes = unreadable > 0 ? [`${lines} left out, because it cannot be read as JSON.`] : [];
  return cellsOfRecords(records, notes);
}

function cellsOfRecords(records: readonly unknown[], notes: readonly string[]): Cells {
  const texts = records.filter((record) => typeof record === 'string');
  if (texts.length > 0 && texts.length === records.length) {
    return { header: undefined, rows: texts.map((text) => [text]), several: false, notes };
  }
  if (records.length > 0 && records.every((record) => Array.isArray(record))) {
    const rows = records.map((record) => record.map(cellOf));
    return { header: undefined, rows, several: false, notes };
  }
  const objects = records.filter(
    (record): record is Record<string, unknown> =>
      typeof record === 'object' && record !== null && !Array.isArray(record),
  );
  const header = [...new Set(objects.slice(0, 100).flatMap((record) => Object.keys(record)))];
  if (header.length === 0) {
    throw new Refusal(
      'There are no rows in it. A JSON file needs a list of entries such as {"text": "My parcel is late", "label": "delivery"}.',
    );
  }
  const several = objects.some((record) => Object.values(record).some(Array.isArray));
  const rows = objects.map((record) => header.map((name) => cellOf(record[name])));
  return { header, rows, several, notes };
}

function cellOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.map(cellOf).join(SEVERAL);
  return (typeof value === 'object' ? JSON.stringify(value) : String(value)).trim();
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
