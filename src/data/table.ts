import { AnyformerError } from '../core/errors.ts';

/** One row of a table, of whatever format. */
export interface TableRow {
  /**
   * Its number in the file, from 1, as an editor counts: the line of a .jsonl, the record of a .csv
   * with its header as 1, the element of a .json array.
   */
  readonly row: number;
  readonly values: Readonly<Record<string, unknown>>;
}

/** A row that cannot be used, and why. */
export interface RowProblem {
  readonly row: number;
  readonly reason: string;
}

export type OnProblem = (problem: RowProblem) => void;

/** What all readers do with a bad row when nobody collects them: no row is dropped in silence. */
export function throwProblem({ row, reason }: RowProblem): never {
  throw new AnyformerError(
    'INVALID_DATA',
    `Row ${row}: ${reason}. Correct it, or pass onProblem to collect such rows and go on.`,
  );
}
