import { nearestName } from '../core/nearestName.ts';

/** The command line, or a configuration file, does not say what can be done. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** `unknown option --epohcs; did you mean --epochs?` */
export function unknownName(
  what: string,
  shown: string,
  name: string,
  known: readonly string[],
  show: (name: string) => string = (known) => `'${known}'`,
): string {
  const nearest = nearestName(name, known);
  const hint =
    nearest === undefined
      ? `known are ${known.map(show).join(', ')}.`
      : `did you mean ${show(nearest)}?`;
  return `unknown ${what} ${shown}; ${hint}`;
}
