import { kebabCase } from './names.ts';
import { UsageError } from './usageError.ts';

/** @throws UsageError when an option that must be there is not. */
export function required<T>(name: string, value: T | undefined): T {
  if (value !== undefined) return value;
  throw new UsageError(`--${kebabCase(name)} is missing.`);
}
