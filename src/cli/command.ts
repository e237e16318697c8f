import { readFile } from 'node:fs/promises';
import { type ArgsDef, type CommandDef, defineCommand } from 'citty';
import { camelCase, kebabCase } from './names.ts';
import {
  boolean,
  type Options,
  text,
  type Values,
  valueOfFlag,
  valuesOfConfig,
} from './options.ts';
import { Output } from './output.ts';
import { UsageError, unknownName } from './usageError.ts';

/** What all commands take. */
export const commonOptions = {
  config: text(
    'A JSON file with options, named in camelCase; the command line overrides it',
    'FILE',
  ),
  json: boolean('Print results as JSON, for programs'),
  quiet: boolean('Print nothing but results and errors'),
  help: boolean('Show this help'),
};

export interface Invocation<O extends Options> {
  readonly values: Values<O>;
  /** What stands on the command line besides options. */
  readonly texts: readonly string[];
  readonly output: Output;
  /** Fires when the process is told to end. */
  readonly signal: AbortSignal;
  /** The package's own package.json. */
  readonly manifest: Manifest;
  /** The package's folder. */
  readonly location: URL;
}

export interface Manifest {
  readonly version: string;
}

/** One command of the command line. */
export interface Command<O extends Options = Options> {
  readonly name: string;
  readonly summary: string;
  /** What stands behind its name: `--data FILE --output FOLDER [options]`. */
  readonly usage: string;
  readonly groups: Readonly<Record<string, Options>>;
  readonly options: O;
  readonly takesTexts?: boolean;
  /** Command lines without the program's name, and what they do. */
  readonly examples: readonly (readonly [string, string])[];
  /** @returns the exit code; 0 without one. */
  run(invocation: Invocation<O>): Promise<number | undefined>;
}

/** The options of a command, without what all commands take. */
export const ownOptionsOf = ({ groups }: Pick<Command, 'groups'>): Options =>
  Object.assign({}, ...Object.values(groups));

/** The options of a command's groups, with what all commands take. */
export function optionsOf(groups: Readonly<Record<string, Options>>): Options {
  return Object.assign({}, ...Object.values(groups), commonOptions);
}

/** The command as citty runs it: parsed, checked, with its configuration file read. */
export function forCitty(
  command: Command,
  context: Pick<Invocation<Options>, 'signal' | 'manifest' | 'location'>,
  onExit: (code: number | undefined) => void,
): CommandDef<ArgsDef> {
  const known = optionsOf(command.groups);
  const args: ArgsDef = Object.fromEntries(
    Object.entries(known).map(([name, { kind }]) => [
      name,
      { type: kind === 'boolean' ? 'boolean' : 'string' },
    ]),
  );
  return defineCommand({
    meta: { name: command.name, description: command.summary },
    args,
    async run({ args: { _: texts, ...flags } }) {
      const given = flagValues(flags, known);
      if (texts.length > 0 && !command.takesTexts) {
        throw new UsageError(`${command.name} takes options only, received '${texts[0]}'.`);
      }
      const values = { ...(await readConfig(given.config as string | undefined, known)), ...given };
      const output = new Output(values);
      try {
        onExit(await command.run({ ...context, values, texts, output }));
      } finally {
        output.stopProgress();
      }
    },
  });
}

/** citty gives each flag under all its spellings. */
function flagValues(flags: Readonly<Record<string, unknown>>, known: Options): Values<Options> {
  const values: Record<string, unknown> = {};
  for (const [spelling, given] of Object.entries(flags)) {
    const name = Object.hasOwn(known, spelling) ? spelling : camelCase(spelling);
    if (!Object.hasOwn(known, name)) {
      const dashes = spelling.length === 1 ? '-' : '--';
      throw new UsageError(
        unknownName(
          'option',
          `${dashes}${spelling}`,
          name,
          Object.keys(known),
          (other) => `--${kebabCase(other)}`,
        ),
      );
    }
    if (given !== undefined) values[name] = valueOfFlag(name, known[name]!, given);
  }
  return values as Values<Options>;
}

async function readConfig(file: string | undefined, known: Options): Promise<object> {
  if (file === undefined) return {};
  const { config: _, help: __, ...allowed } = known;
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`--config ${file} cannot be read: ${(cause as Error).message}.`);
  }
  let config: unknown;
  try {
    config = JSON.parse(content);
  } catch (cause) {
    throw new UsageError(`${file} is not JSON: ${(cause as Error).message}.`);
  }
  return valuesOfConfig(config, allowed, file);
}
