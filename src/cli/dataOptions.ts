import { AnyformerError } from '../core/errors.ts';
import type { TextExample } from '../data/labels.ts';
import { readExamples } from '../data/readExamples.ts';
import type { RowProblem } from '../data/table.ts';
import { naming, openData } from './dataSource.ts';
import { text, type Values } from './options.ts';
import type { Output } from './output.ts';
import { UsageError } from './usageError.ts';

/** How a table is read. */
export const tableOptions = {
  format: text(
    'Format of the file: csv, tsv, jsonl, ndjson, json or txt. Default: by the name of the file',
    'NAME',
  ),
  delimiter: text('What separates the fields of a csv. Default: detected'),
  textColumn: text("The column with the texts. Default: 'text'", 'NAME'),
};

/** How a table with labels is read. */
export const labelledOptions = {
  ...tableOptions,
  labelColumn: text("The column with the labels. Default: 'label'", 'NAME'),
};

const PROBLEMS_SHOWN = 5;

/**
 * Reads labelled texts, and tells which rows give none.
 * @throws AnyformerError `INVALID_DATA` naming the file, and the row where it is one.
 */
export async function readLabelled(
  path: string,
  values: Values<typeof labelledOptions>,
  output: Output,
): Promise<readonly TextExample[]> {
  const { format, delimiter, textColumn = 'text', labelColumn = 'label' } = values;
  const source = await openData(path, format, 'jsonl');
  if (source.format === 'txt') {
    throw new UsageError(`${source.name} is a txt, which has no labels; pass a csv, tsv or jsonl.`);
  }
  const { examples, problems } = await naming(source, () =>
    readExamples(source.bytes, {
      format: source.format,
      text: textColumn,
      label: labelColumn,
      delimiter,
    }),
  ).catch((error: unknown) => {
    if (!(error instanceof AnyformerError) || !/There is no column/.test(error.message))
      throw error;
    const advice = 'Name them by --text-column and --label-column.';
    throw new AnyformerError(error.code, `${error.message} ${advice}`, { cause: error });
  });
  if (problems.length > 0) output.note(problemsNote(source.name, problems));
  return examples;
}

export function problemsNote(name: string, problems: readonly RowProblem[]): string {
  const lines = problems
    .slice(0, PROBLEMS_SHOWN)
    .map(({ row, reason }) => `  row ${row}: ${reason}`);
  const more = problems.length - lines.length;
  if (more > 0) lines.push(`  … and ${more} more`);
  const count = problems.length === 1 ? '1 row is' : `${problems.length} rows are`;
  return [`${name}: ${count} left out:`, ...lines].join('\n');
}
