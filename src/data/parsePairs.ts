import { show } from '../core/errors.ts';
import { collectTable } from './collectTable.ts';
import { type AskedColumns, columnsByName, findPairColumns } from './findColumns.ts';
import type { TextPair } from './pairs.ts';
import type { RowProblem, TableRow } from './table.ts';
import { readTable } from './tableReaders.ts';
import type { TextSource } from './textChunks.ts';

/** Which columns hold what. */
export interface PairColumns {
  readonly source: string;
  readonly target: string;
}

export interface PairsFound {
  readonly pairs: TextPair[];
  /** Every row that gave no pair, in the order of the file. */
  readonly problems: RowProblem[];
  /** The columns that were read. */
  readonly columns: PairColumns;
}

export interface ParsePairsOptions extends AskedColumns<'source' | 'target'> {
  /** `csv`, `tsv`, `jsonl`, `ndjson` or `json`: the ending of the file's name. */
  readonly format: string;
  /** Of a csv; found out from its header where it is left out. */
  readonly delimiter?: string | undefined;
}

/**
 * Reads pairs of texts from a table of any known format. Bad rows are named, never dropped in
 * silence.
 *
 * @throws AnyformerError `INVALID_ARGUMENT` for an unknown format; `INVALID_DATA` when a column is
 *   missing or not clear, or no row can be used.
 *
 * @example
 * const { pairs } = await parsePairs('english,spanish\nGo.,Vete.\n', { format: 'csv' });
 */
export async function parsePairs(
  text: TextSource,
  { format, delimiter, ...asked }: ParsePairsOptions,
): Promise<PairsFound> {
  const unreadable: RowProblem[] = [];
  const onProblem = (problem: RowProblem) => void unreadable.push(problem);
  const rows = await readTable(text, { format, delimiter, onProblem });
  return pairsFromTable(rows, asked, unreadable);
}

/** Picks source and target out of each row. @throws as {@link parsePairs}. */
export async function pairsFromTable(
  rows: Iterable<TableRow> | AsyncIterable<TableRow>,
  asked: AskedColumns<'source' | 'target'>,
  unreadable: readonly RowProblem[] = [],
): Promise<PairsFound> {
  const { items, problems, columns } = await collectTable<PairColumns, TextPair>(
    rows,
    {
      needed: 'a source and a target',
      byName(present) {
        const { source, target } = columnsByName(['source', 'target'], asked, present);
        return source !== undefined && target !== undefined ? { source, target } : undefined;
      },
      byContent: (present) => findPairColumns(asked, present),
      itemOf: pairOf,
    },
    unreadable,
  );
  return { pairs: items, problems, columns };
}

/** The pair of a row, or the reason why there is none. */
function pairOf(values: TableRow['values'], columns: PairColumns): TextPair | string {
  const names = [columns.source, columns.target];
  const texts = names.map((name) => (Object.hasOwn(values, name) ? values[name] : undefined));
  const bad = texts.findIndex((value) => typeof value !== 'string' || value.trim() === '');
  if (bad < 0) return { source: texts[0] as string, target: texts[1] as string };
  const reason = texts[bad] === undefined ? 'is missing' : `is ${show(texts[bad])}, not a text`;
  return `${names[bad]} ${reason}`;
}
