import { type Command, commonOptions } from './command.ts';
import { kebabCase } from './names.ts';
import type { Options } from './options.ts';

const PROGRAM = 'anyformer';

/** What `anyformer --help` prints. */
export function programHelp(commands: readonly Command[]): string {
  const rows = commands.map(({ name, summary }) => [name, summary] as const);
  return [
    'Trains and runs Transformers on WebAssembly.',
    `Usage: ${PROGRAM} COMMAND [options]`,
    section('Commands', rows),
    section('Options', [
      ['--help', 'Show this help; COMMAND --help shows the options of a command'],
      ['--version', 'Show the version'],
    ]),
  ].join('\n\n');
}

/** What `anyformer COMMAND --help` prints. */
export function commandHelp({ name, summary, usage, groups, examples }: Command): string {
  return [
    `${summary}.`,
    `Usage: ${PROGRAM} ${name} ${usage}`,
    ...Object.entries(groups).map(([title, options]) => section(title, rowsOf(options))),
    section('Every command', rowsOf(commonOptions)),
    `Examples\n${examples.map(([line, does]) => `  # ${does}\n  ${PROGRAM} ${line}`).join('\n')}`,
    'Exit codes: 0 = done, 1 = an error in the data, the model or a file, 2 = an error in the options, 130 = interrupted',
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

const rowsOf = (options: Options) =>
  Object.entries(options).map(
    ([name, { placeholder, help }]) =>
      [`--${kebabCase(name)} ${placeholder}`.trimEnd(), help] as const,
  );

/** Nothing where there are no rows. */
function section(title: string, rows: readonly (readonly [string, string])[]): string {
  if (rows.length === 0) return '';
  const width = Math.max(...rows.map(([left]) => left.length));
  return [title, ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)].join('\n');
}
