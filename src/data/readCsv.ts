import Papa from 'papaparse';
import { AnyformerError, show } from '../core/errors.ts';
import { type OnProblem, type TableRow, throwProblem } from './table.ts';
import { type TextSource, textChunks } from './textChunks.ts';

export interface ReadCsvOptions {
  /** Between two fields; found out from the header among `,` tab `;` `|` where it is left out. */
  readonly delimiter?: string | undefined;
  /** Receives each bad row; without it the first one is thrown. */
  readonly onProblem?: OnProblem | undefined;
}

const DELIMITERS = [',', '\t', ';', '|'];
// Enough for any header.
const HEADER_LENGTH = 1 << 16;
const MAX_RECORD_LENGTH = 1 << 22;

/**
 * Reads comma-separated values as rows of texts. The first record names the columns; quotes as in
 * RFC 4180; blank lines are skipped. Parsed by Papa Parse.
 *
 * @param source the text itself or a stream of it.
 * @throws AnyformerError `INVALID_DATA` for a header with a name twice, and for a bad row without
 *   `onProblem`.
 *
 * @example
 * for await (const { row, values } of readCsv('text,label\nhello,ham\n')) console.log(values.text);
 */
export async function* readCsv(
  source: TextSource,
  { delimiter, onProblem = throwProblem }: ReadCsvOptions = {},
): AsyncGenerator<TableRow> {
  let columns: string[] | undefined;
  let row = 0;
  for await (const { fields, error } of csvRecords(source, delimiter)) {
    row++;
    if (error === undefined && fields.length === 1 && fields[0]?.trim() === '') continue;
    if (columns === undefined) {
      columns = checkHeader(fields, error);
    } else if (error !== undefined) {
      onProblem({ row, reason: error });
    } else if (fields.length !== columns.length) {
      const reason = `it has ${fields.length} ${fields.length === 1 ? 'field' : 'fields'}, the header ${columns.length}`;
      onProblem({ row, reason });
    } else {
      yield { row, values: zip(columns, fields) };
    }
  }
}

interface CsvRecord {
  readonly fields: string[];
  readonly error: string | undefined;
}

/** The records as they become complete: of each part of the text the last one waits for the next. */
async function* csvRecords(
  source: TextSource,
  delimiter: string | undefined,
): AsyncGenerator<CsvRecord> {
  let found = delimiter === undefined ? undefined : checkDelimiter(delimiter);
  let rest = '';
  for await (const chunk of textChunks(source)) {
    rest += chunk;
    if (found === undefined && rest.length < HEADER_LENGTH) continue;
    found ??= guessDelimiter(rest);
    rest = yield* parseRecords(rest, found, { isLast: false });
    // So long a record is a quote that nobody closed: no reason to hold back the rest of the file.
    if (rest.length > MAX_RECORD_LENGTH) rest = yield* parseRecords(rest, found, { isLast: true });
  }
  yield* parseRecords(rest, found ?? guessDelimiter(rest), { isLast: true });
}

/** Gives the complete records of `text` and returns what is left of it. */
function* parseRecords(
  text: string,
  delimiter: string,
  { isLast }: { isLast: boolean },
): Generator<CsvRecord, string> {
  let start = 0;
  while (start < text.length) {
    const { records, end } = parseUntilError(text.slice(start), delimiter, !isLast);
    yield* records;
    if (end === 0) break;
    start += end;
  }
  return text.slice(start);
}

/**
 * Parses up to the first record with a bad quote. Such a record ends with its first line: its quote
 * would otherwise swallow the good rows behind it, up to the next quote or to the end.
 */
function parseUntilError(
  text: string,
  delimiter: string,
  ignoreLastRow: boolean,
): { records: CsvRecord[]; end: number } {
  const records: CsvRecord[] = [];
  let end = 0;
  const parser = new Papa.Parser({
    delimiter,
    newline: '\n',
    step: ({ data, errors, meta }: ParserStep) => {
      // Behind a line break at the very end the parser sees one more, empty record.
      if (end === text.length) return;
      const [problem] = errors;
      if (problem) parser.abort();
      end = problem ? endOfLine(text, end) : meta.cursor;
      records.push({
        fields: data[0] ?? [],
        error: problem && (REASONS[problem.code] ?? problem.message),
      });
    },
  });
  parser.parse(text, 0, ignoreLastRow);
  return { records, end };
}

function endOfLine(text: string, start: number): number {
  const lineBreak = text.indexOf('\n', start);
  return lineBreak < 0 ? text.length : lineBreak + 1;
}

/** What Papa Parse's `Parser` hands to `step`: one record. */
interface ParserStep {
  readonly data: string[][];
  readonly errors: readonly { readonly code: string; readonly message: string }[];
  readonly meta: { readonly cursor: number };
}

const REASONS: Readonly<Record<string, string>> = {
  MissingQuotes: 'it opens a quote that is never closed',
  InvalidQuotes: 'it has a quote inside of a quoted field; double such quotes',
};

function checkDelimiter(delimiter: unknown): string {
  if (typeof delimiter === 'string' && delimiter !== '' && !/["\n\r]/.test(delimiter)) {
    return delimiter;
  }
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `delimiter must be a text without quotes and line breaks, such as ',' or '\\t', received ${show(delimiter)}.`,
  );
}

/** By the header alone: names of columns hold no delimiters, texts below them do. */
function guessDelimiter(text: string): string {
  let best = ',';
  let most = 1;
  for (const delimiter of DELIMITERS) {
    const parser = new Papa.Parser({ delimiter, newline: '\n', preview: 1 });
    const { data }: Pick<ParserStep, 'data'> = parser.parse(text, 0, false);
    const count = data[0]?.length ?? 0;
    if (count > most) {
      most = count;
      best = delimiter;
    }
  }
  return best;
}

function checkHeader(names: string[], error: string | undefined): string[] {
  const columns = names.map((name) => name.trim());
  const twice = columns.find((name, index) => columns.indexOf(name) !== index);
  if (error === undefined && twice === undefined) return columns;
  const reason = error ?? `it has the column ${show(twice)} twice`;
  throw new AnyformerError('INVALID_DATA', `The header of the table cannot be used: ${reason}.`);
}

function zip(columns: readonly string[], fields: readonly string[]): Record<string, string> {
  return Object.fromEntries(columns.map((column, index) => [column, fields[index] ?? '']));
}
