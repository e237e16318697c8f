import { AnyformerError, throwIfAborted } from '../core/errors.ts';
import type { TrainingWarning } from '../core/warnings.ts';
import type { AskedColumns } from '../data/findColumns.ts';
import type { TextExample } from '../data/labels.ts';
import type { TextPair } from '../data/pairs.ts';
import { type ExamplesFound, examplesFromTable, parseExamples } from '../data/parseExamples.ts';
import { type PairsFound, pairsFromTable, parsePairs } from '../data/parsePairs.ts';
import { parseTexts } from '../data/parseTexts.ts';
import { rowsLeftOut } from '../data/rowsLeftOut.ts';
import type { RowProblem } from '../data/table.ts';
import type { TextSource } from '../data/textChunks.ts';
import { type FileSource, isFileSource } from '../storage/fileSource.ts';
import type { CorpusFileOptions, ExampleFileOptions, PairFileOptions } from './fileOptions.ts';
import { COLUMN_FORMATS, openTable } from './openTable.ts';
import { rowsOf, type TableSource } from './rowsOf.ts';

// Loaded by those who pass a file: an app that only predicts brings no reader of tables.

interface Stoppable {
  readonly signal?: AbortSignal | undefined;
}

/** The examples of a file, and a warning of the rows that hold none. @throws as {@link openTable}. */
export function readExampleFile(
  source: FileSource,
  where: string,
  { textColumn, labelColumn, ...options }: ExampleFileOptions & Stoppable,
): Promise<{ examples: TextExample[]; warnings: TrainingWarning[] }> {
  const opening = { ...options, useful: COLUMN_FORMATS, textItself: '[{ text, label }, …]' };
  return openTable(source, where, opening, async ({ bytes, format, location }) => {
    checkLabels(format);
    const columns = { text: textColumn, label: labelColumn };
    const { examples, problems } = await parseExamples(bytes, { format, ...columns });
    return { examples, warnings: warningsOf(location, problems) };
  });
}

/** The pairs of a file, and a warning of the rows that hold none. @throws as {@link openTable}. */
export function readPairFile(
  source: FileSource,
  where: string,
  { sourceColumn, targetColumn, ...options }: PairFileOptions & Stoppable,
): Promise<{ pairs: TextPair[]; warnings: TrainingWarning[] }> {
  const opening = { ...options, useful: COLUMN_FORMATS, textItself: '[{ source, target }, …]' };
  return openTable(source, where, opening, async ({ bytes, format, location }) => {
    checkPairs(format);
    const columns = { source: sourceColumn, target: targetColumn };
    const { pairs, problems } = await parsePairs(bytes, { format, ...columns });
    return { pairs, warnings: warningsOf(location, problems) };
  });
}

/** The texts of a file, and a warning of the rows that hold none. @throws as {@link openTable}. */
export function readTextFile(
  source: FileSource,
  where: string,
  { textColumn, ...options }: CorpusFileOptions & Stoppable,
): Promise<{ texts: string[]; warnings: TrainingWarning[] }> {
  const opening = { ...options, textItself: '[text]' };
  return openTable(source, where, opening, async ({ bytes, format, location }) => {
    const { texts, problems } = await parseTexts(bytes, { format, text: textColumn });
    return { texts, warnings: warningsOf(location, problems) };
  });
}

interface ReadingOptions extends Stoppable {
  readonly format: string | undefined;
  readonly delimiter: string | undefined;
}

/** What to pass for a text itself, of a reader that takes parts of it. */
const IN_PARTS = "[text] with { format: 'csv' }";

/** The examples of a file, of rows, or with `format` of a text in parts. */
export async function examplesOf(
  source: TableSource | FileSource | TextSource,
  where: string,
  asked: AskedColumns<'text' | 'label'>,
  { format, delimiter, signal }: ReadingOptions,
): Promise<ExamplesFound> {
  throwIfAborted(signal, 'Reading');
  if (isFileSource(source)) {
    const opening = { format, signal, useful: COLUMN_FORMATS, textItself: IN_PARTS };
    return openTable(source, where, opening, async (table) => {
      checkLabels(table.format);
      return parseExamples(table.bytes, { format: table.format, delimiter, ...asked });
    });
  }
  if (format !== undefined) {
    return parseExamples(source as TextSource, { format, delimiter, ...asked });
  }
  const { rows, problems } = rowsOf(source, where, { delimiter, signal });
  return examplesFromTable(rows, asked, problems);
}

/** The pairs of a file, of rows, or with `format` of a text in parts. */
export async function pairsOf(
  source: TableSource | FileSource | TextSource,
  where: string,
  asked: AskedColumns<'source' | 'target'>,
  { format, delimiter, signal }: ReadingOptions,
): Promise<PairsFound> {
  throwIfAborted(signal, 'Reading');
  if (isFileSource(source)) {
    const opening = { format, signal, useful: COLUMN_FORMATS, textItself: IN_PARTS };
    return openTable(source, where, opening, async (table) => {
      checkPairs(table.format);
      return parsePairs(table.bytes, { format: table.format, delimiter, ...asked });
    });
  }
  if (format !== undefined) {
    return parsePairs(source as TextSource, { format, delimiter, ...asked });
  }
  const { rows, problems } = rowsOf(source, where, { delimiter, signal });
  return pairsFromTable(rows, asked, problems);
}

const warningsOf = (location: string, problems: readonly RowProblem[]) =>
  problems.length > 0 ? [rowsLeftOut(location, problems)] : [];

/** @throws AnyformerError `INVALID_DATA` for a format that has no labels. */
function checkLabels(format: string): void {
  if (format !== 'txt') return;
  throw new AnyformerError(
    'INVALID_DATA',
    'A txt has texts without labels; pass a csv, tsv, json or jsonl with a text and a label in each row.',
  );
}

/** @throws AnyformerError `INVALID_DATA` for a format that has no pairs. */
function checkPairs(format: string): void {
  if (format !== 'txt') return;
  throw new AnyformerError(
    'INVALID_DATA',
    'A txt has texts without their targets; pass a csv, tsv, json or jsonl with a source and a target in each row.',
  );
}
