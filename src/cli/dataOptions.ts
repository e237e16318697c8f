import { AnyformerError } from '../core/errors.ts';
import type { TextExample } from '../data/labels.ts';
import { naming } from '../data/naming.ts';
import { parseExamples } from '../data/parseExamples.ts';
import type { RowProblem } from '../data/table.ts';
import { openData } from './dataSource.ts';
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
  textColumn: text('The column with the texts. Default: found by its name or content', 'NAME'),
  labelColumn: text('The column with the labels. Default: found by its name or content', 'NAME'),
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
  const { format, delimiter, textColumn, labelColumn } = values;
  const source = await openData(path, format, 'jsonl');
  if (source.format === 'txt') {
    throw new UsageError(`${source.name} is a txt, which has no labels; pass a csv, tsv or jsonl.`);
  }
  const { examples, problems } = await naming(source.name, () =>
    parseExamples(source.bytes, {
      format: source.format,
      text: textColumn,
      label: labelColumn,
      delimiter,
    }),
  ).catch((error: unknown) => {
    throw withFlags(error, 'Name them by --text-column and --label-column.');
  });
  if (problems.length > 0) output.note(problemsNote(source.name, problems));
  return examples;
}

/** The flags that name columns, in an error about them. */
export function withFlags(error: unknown, advice: string): unknown {
  if (!(error instanceof AnyformerError)) return error;
  const { code, message } = error;
  if (/There is no column/.test(message)) {
    return new AnyformerError(code, `${message} ${advice}`, { cause: error });
  }
  const inFlags = message.replace(/\b(text|label|source|target)Column\b/g, '--$1-column');
  return inFlags === message ? error : new AnyformerError(code, inFlags, { cause: error });
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
