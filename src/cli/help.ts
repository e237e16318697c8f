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
      ['--help', 'Show this; behind a command, all about it'],
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
    section('Everywhere', rowsOf(commonOptions)),
    `Examples\n${examples.map(([line, does]) => `  # ${does}\n  ${PROGRAM} ${line}`).join('\n')}`,
    'Exit codes: 0 done; 1 data, a model or a file is at fault; 2 an option is; 130 interrupted.',
  ].join('\n\n');
}

const rowsOf = (options: Options) =>
  Object.entries(options).map(
    ([name, { placeholder, help }]) =>
      [`--${kebabCase(name)} ${placeholder}`.trimEnd(), help] as const,
  );

function section(title: string, rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return [title, ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)].join('\n');
}
