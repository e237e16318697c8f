import type { TrainingWarning } from '../core/warnings.ts';
import type { RowProblem } from './table.ts';

const ROWS_SHOWN = 3;

/**
 * The warning that rows of a file were left out, with the first of them and why.
 *
 * @param name of the file.
 * @param problems at least one.
 *
 * @example
 * rowsLeftOut('mails.csv', [{ row: 7, reason: 'text is empty' }]).message;
 * // mails.csv: 1 row is left out, for it cannot be used. Row 7: text is empty. Correct or remove it.
 */
export function rowsLeftOut(name: string, problems: readonly RowProblem[]): TrainingWarning {
  const isOne = problems.length === 1;
  const count = isOne
    ? '1 row is left out, for it cannot be used'
    : `${problems.length.toLocaleString('en-US')} rows are left out, for they cannot be used`;
  const shown = problems.slice(0, ROWS_SHOWN).map(({ row, reason }) => `Row ${row}: ${reason}.`);
  const more = problems.length - shown.length;
  if (more > 0) shown.push(`And ${more.toLocaleString('en-US')} more.`);
  return {
    code: 'ROWS_LEFT_OUT',
    message: `${name}: ${count}. ${shown.join(' ')} Correct or remove ${isOne ? 'it' : 'them'}.`,
  };
}
