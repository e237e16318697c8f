import { AnyformerError, show } from '../core/errors.ts';
import type { TextPair } from './pairs.ts';
import type { RowProblem } from './table.ts';
import { readTable } from './tableReaders.ts';
import type { TextSource } from './textChunks.ts';

export interface ReadPairsOptions {
  /** `csv`, `tsv`, `jsonl`, `ndjson` or `json`: the ending of the file's name. */
  readonly format: string;
  /** The column of the source. Default: 'source'. */
  readonly source?: string;
  /** The column of the target. Default: 'target'. */
  readonly target?: string;
  /** Of a csv; found out from its header where it is left out. */
  readonly delimiter?: string | undefined;
}

/**
 * Reads pairs of texts from a table of any known format. Bad rows are named, never dropped in
 * silence.
 *
 * @throws AnyformerError `INVALID_ARGUMENT` for an unknown format; `INVALID_DATA` when a column is
 *   missing or no row can be used.
 *
 * @example
 * const { pairs, problems } = await readPairs(await readFile('spa.tsv'), {
 *   format: 'tsv',
 *   source: 'english',
 *   target: 'spanish',
 * });
 */
export async function readPairs(
  text: TextSource,
  { format, source = 'source', target = 'target', delimiter }: ReadPairsOptions,
): Promise<{ pairs: TextPair[]; problems: RowProblem[] }> {
  const pairs: TextPair[] = [];
  const problems: RowProblem[] = [];
  const present = new Set<string>();
  const onProblem = (problem: RowProblem) => void problems.push(problem);
  const rows = await readTable(text, { format, delimiter, onProblem });
  for await (const { row, values } of rows) {
    for (const name of Object.keys(values)) present.add(name);
    const texts = [values[source], values[target]];
    const bad = texts.findIndex((value) => typeof value !== 'string' || value.trim() === '');
    if (bad < 0) pairs.push({ source: texts[0] as string, target: texts[1] as string });
    else {
      const reason = texts[bad] === undefined ? 'is missing' : `is ${show(texts[bad])}, not a text`;
      problems.push({ row, reason: `${[source, target][bad]} ${reason}` });
    }
  }
  checkColumns({ source, target }, present);
  if (pairs.length > 0) return { pairs, problems };
  const [first] = problems;
  throw new AnyformerError(
    'INVALID_DATA',
    first
      ? `None of the ${problems.length} rows can be used; row ${first.row}: ${first.reason}.`
      : 'The table has no rows; it needs a source and a target in each.',
  );
}

function checkColumns(columns: Record<string, string>, present: ReadonlySet<string>): void {
  for (const [role, name] of Object.entries(columns)) {
    if (present.size === 0 || present.has(name)) continue;
    throw new AnyformerError(
      'INVALID_DATA',
      `There is no column ${show(name)} for the ${role}; there are ${[...present].map(show).join(', ')}.`,
    );
  }
}
