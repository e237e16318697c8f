import { type ExamplesFound, readExamples } from 'anyformer';
import Papa from 'papaparse';

/** Rows as somebody pasted or dropped them. */
export interface Table {
  readonly source: string;
  readonly format: string;
  readonly delimiter?: string;
  readonly columns: readonly string[];
}

const TEXT_NAMES = /^(text|body|message|content|review|sentence|question|tweet|comment)s?$/i;
const LABEL_NAMES =
  /^(label|class|category|target|sentiment|topic|intent|tag|stars|rating)(e?s)?$/i;

/** Finds out what rows are, from the name of their file where they have one, and their columns. */
export function openTable(source: string, fileName = ''): Table {
  const format = /\.(csv|tsv|jsonl|ndjson|json)$/i.exec(fileName)?.[1]?.toLowerCase();
  const start = source.trimStart();
  const [firstLine = ''] = start.split(/\r?\n/, 1);
  if (format === 'json' || (!format && start.startsWith('['))) {
    return { source, format: 'json', columns: keysOf(parse(start)) };
  }
  if (format === 'jsonl' || format === 'ndjson' || (!format && start.startsWith('{'))) {
    return { source, format: 'jsonl', columns: keysOf(parse(firstLine)) };
  }
  const { data, meta } = Papa.parse<string[]>(firstLine, {
    delimitersToGuess: format === 'tsv' ? ['\t'] : [',', '\t', ';', '|'],
  });
  const columns = (data[0] ?? []).map((name) => name.trim());
  return { source, format: 'csv', delimiter: meta.delimiter, columns };
}

/** The columns that hold text and label by their names, else the first and the last. */
export function guessColumns(columns: readonly string[]): { text: string; label: string } {
  const text = columns.find((name) => TEXT_NAMES.test(name));
  const label = columns.find((name) => LABEL_NAMES.test(name));
  return {
    text: text ?? columns.find((name) => name !== label) ?? 'text',
    label: label ?? columns.findLast((name) => name !== text) ?? 'label',
  };
}

export async function readTable(
  { source, format, delimiter }: Table,
  columns: { text: string; label: string },
): Promise<ExamplesFound> {
  return readExamples([source], { format, delimiter, ...columns });
}

/** How many examples have each label, the most frequent first. */
export function countLabels({ examples }: ExamplesFound): [label: string, count: number][] {
  const counts = new Map<string, number>();
  for (const label of examples.flatMap((example) => example.label)) {
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a);
}

/** Those of the first row that has any; what is wrong with the rows is said when they are read. */
function keysOf(json: unknown): string[] {
  const row = Array.isArray(json) ? json[0] : json;
  return typeof row === 'object' && row !== null ? Object.keys(row) : [];
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
