import { readFile } from 'node:fs/promises';
import { runCommand } from 'citty';
import { AnyformerError } from '../core/errors.ts';
import { type Command, forCitty, type Manifest, ownOptionsOf } from './command.ts';
import { commands } from './commands/index.ts';
import { withFlagNames } from './flagNames.ts';
import { commandHelp, programHelp } from './help.ts';
import { Interruption } from './interruption.ts';
import { UsageError, unknownName } from './usageError.ts';

/**
 * The `anyformer` command.
 *
 * @param rawArgs what stands behind the program's name.
 * @param manifest the address of the package's package.json.
 * @returns the exit code: 0 done, 1 data or a model at fault, 2 an option, 130 or 143 interrupted.
 */
export async function main(rawArgs: readonly string[], manifest: URL): Promise<number> {
  // Who reads our results has seen enough: `anyformer predict … | head`.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
  const interruption = new Interruption();
  const [name, ...rest] = rawArgs;
  try {
    const { version, ...others }: Manifest = JSON.parse(await readFile(manifest, 'utf8'));
    if (name === '--version') return print(version);
    if (name === '--help' || name === '-h' || name === 'help') return print(programHelp(commands));
    const command = commandOf(name);
    if (asksForHelp(rest)) return print(commandHelp(command));
    let code: number | undefined;
    const context = {
      signal: interruption.signal,
      manifest: { version, ...others },
      location: new URL('.', manifest),
    };
    const definition = forCitty(command, context, (returned) => {
      code = returned;
    });
    await runCommand(definition, { rawArgs: rest });
    return code ?? 0;
  } catch (error) {
    return report(error, name, interruption);
  } finally {
    // A pipe that is still open would keep the process.
    process.stdin.unref?.();
  }
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

function commandOf(name: string | undefined): Command {
  const names = commands.map((command) => command.name);
  if (name === undefined) throw new UsageError(`a command is missing: ${names.join(', ')}.`);
  const command = commands.find((other) => other.name === name);
  if (command) return command;
  if (!name.startsWith('-')) throw new UsageError(unknownName('command', `'${name}'`, name, names));
  const options = ['--help', '--version'];
  throw new UsageError(unknownName('option', name, name, options, (option) => option));
}

function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end < 0 ? undefined : end).some((arg) => arg === '--help' || arg === '-h');
}

function report(error: unknown, name: string | undefined, { exitCode }: Interruption): number {
  const isUsage =
    error instanceof UsageError ||
    (error instanceof AnyformerError && /^(UNKNOWN_OPTION|INVALID_ARGUMENT)$/.test(error.code));
  const command = commands.find((other) => other.name === name);
  const where = isUsage && command ? `anyformer ${name}` : 'anyformer';
  const help = error instanceof UsageError ? `\nSee: ${where} --help` : '';
  process.stderr.write(`${where}: ${textOf(error, command)}${help}\n`);
  if (error instanceof AnyformerError && error.code === 'ABORTED') return exitCode ?? 130;
  return isUsage ? 2 : 1;
}

function textOf(error: unknown, command: Command | undefined): string {
  if (error instanceof UsageError) return error.message;
  // What is no error of ours is a mistake in the program: its trace helps to find it.
  if (!(error instanceof AnyformerError)) return (error as Error)?.stack ?? String(error);
  // The names in a file are those of the file.
  if (!command || error.code === 'INVALID_FILE') return error.message;
  return withFlagNames(error.message, ownOptionsOf(command));
}
