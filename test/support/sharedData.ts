import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The path of a file under ../shared/data beside the project, or undefined where it is absent. */
export function sharedData(path: string): string | undefined {
  const found = fileURLToPath(new URL(`../../../shared/data/${path}`, import.meta.url));
  return existsSync(found) ? found : undefined;
}

/**
 * Like {@link sharedData}, and says by name what is left out where the file is absent.
 * Use with `describe.skipIf(path === undefined)`.
 */
export function sharedDataOrSay(path: string, whatIsLeftOut: string): string | undefined {
  const found = sharedData(path);
  if (found === undefined)
    console.warn(`left out: ${whatIsLeftOut} (needs ../shared/data/${path})`);
  return found;
}
