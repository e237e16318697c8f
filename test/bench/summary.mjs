import { NEVER_QUIET } from './support/measure.mjs';
import { digits } from './support/table.mjs';

/** Rows that the summary shows as one, with the least and the most of them. */
const GROUPS = [
  [/^gemm \d+\^3/, 'gemm 512^3 and 1024^3, four transposes'],
  [/^gemm \[32,/, 'gemm of attention heads, 32 x 128 x 64'],
  [/^gemm linear \[4096,/, 'linear layers, 4,096 rows'],
  [/^gemm linear \[1,/, 'linear layers, one row'],
];

/**
 * The results of one or several runs of the bench as Markdown: where and when they were taken, and a
 * table with a line for each row and peer and a column for each way to run.
 *
 * @param results entries of the bench's JSON.
 */
export function summarize(results) {
  const columns = distinct(results.map(columnOf)).sort();
  const lines = new Map();
  for (const result of results) {
    const row = GROUPS.find(([pattern]) => pattern.test(result.name))?.[1] ?? result.name;
    const key = JSON.stringify([row, peerOf(result)]);
    const cells = lines.get(key) ?? new Map();
    lines.set(key, cells);
    cells.set(columnOf(result), [...(cells.get(columnOf(result)) ?? []), result]);
  }
  const table = [
    ['row', 'against', ...columns.map((column) => column.slice(1))],
    ...[...lines].map(([key, cells]) => [
      ...JSON.parse(key),
      ...columns.map((column) => cellOf(cells.get(column))),
    ]),
  ];
  return `${whereAndWhen(results)}\n\n${toMarkdown(table)}`;
}

/** Puts a text between the markers of another. */
export function replaceBetween(text, [begin, end], inner) {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`There is no ${begin} before a ${end}.`);
  return `${text.slice(0, from + begin.length)}\n\n${inner}\n\n${text.slice(to)}`;
}

const distinct = (values) => [...new Set(values)];

/** Its first letter is for the order alone. */
function columnOf({ threads, relaxed }) {
  const count = `${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  return relaxed ? `1relaxed SIMD, ${count}` : `0${count}`;
}

/** Without what says that it has one thread where ours has more: that is said below the table. */
function peerOf({ peerName }) {
  return peerName.startsWith('ours') ? peerName : peerName.replace(/, 1 thread$/, '');
}

/** Marks a cell with a measurement that the machine's other work may have slowed down. */
const BUSY = ' ~';

function cellOf(results) {
  if (results === undefined) return '';
  const range = (values, format) => {
    const ends = [Math.min(...values), Math.max(...values)].map(format);
    return distinct(ends).join(' to ');
  };
  const shares = results.map(({ peakShare }) => peakShare).filter(Boolean);
  const parts = [
    `${range(
      results.map(({ ours }) => ours),
      digits,
    )} ${results[0].unit}`,
    `**${range(
      results.map(({ ratio }) => ratio),
      digits,
    )}x**`,
    ...(shares.length > 0 ? [`${range(shares, (share) => (100 * share).toFixed(0))} %`] : []),
  ];
  const isBusy = results.some(({ note }) => note?.includes(NEVER_QUIET));
  return `${parts.join(', ')}${isBusy ? BUSY : ''}`;
}

function whereAndWhen(results) {
  const all = (key) => distinct(results.map((result) => result[key])).join(' and ');
  const isAnyBusy = results.some(({ note }) => note?.includes(NEVER_QUIET));
  return [
    `Each row was taken by turns in one run, on ${all('machine')}, Node ${all('node')}, ${all('date')}.`,
    'A cell has our figure, how many times better than the peer it is, and the share of the practical',
    'peak of the cores (for `decode`, of the bandwidth). In Node, tfjs-wasm and jax-js have one thread.',
    ...(isAnyBusy ? ['`~` marks what was taken on a machine that was never quiet meanwhile.'] : []),
  ].join('\n');
}

function toMarkdown([head, ...body]) {
  const widths = head.map((_, i) => Math.max(...[head, ...body].map((row) => row[i].length)));
  const line = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(head), rule, ...body.map(line)].join('\n');
}
