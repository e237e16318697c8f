import { optionsOf } from './command.ts';
import { kebabCase } from './names.ts';
import type { Options, Values } from './options.ts';
import type { Task } from './tasks/task.ts';
import { UsageError } from './usageError.ts';

/** @throws UsageError for an option that belongs to other tasks only. */
export function checkBelongs(
  { name }: Task,
  values: Values<Options>,
  groups: Readonly<Record<string, Options>>,
): void {
  const own = optionsOf(groups);
  const stray = Object.keys(values).find((option) => !Object.hasOwn(own, option));
  if (stray) throw new UsageError(`--${kebabCase(stray)} is no option of the task ${name}.`);
}
