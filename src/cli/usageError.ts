import { nearestName } from '../core/nearestName.ts';

/** The command line, or a configuration file, does not say what can be done. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A longer list is for the help, which the message points to. */
const NAMES_SHOWN = 20;

/** `unknown option --epohcs; did you mean --epochs?` */
export function unknownName(
  what: string,
  shown: string,
  name: string,
  known: readonly string[],
  show: (name: string) => string = (known) => `'${known}'`,
): string {
  const nearest = nearestName(name, known);
  const unknown = `unknown ${what} ${shown}`;
  if (nearest !== undefined) return `${unknown}; did you mean ${show(nearest)}?`;
  if (known.length > NAMES_SHOWN) return `${unknown}.`;
  return `${unknown}; known are ${known.map(show).join(', ')}.`;
}
