import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const modules = fileURLToPath(new URL('../../../node_modules/', import.meta.url));

/** The path of what npm has installed for this project, or undefined. */
export function findInstalled(path) {
  const found = join(modules, path);
  return existsSync(found) ? found : undefined;
}

/** The path of the user's own program, or undefined. */
export function findOnPath(name) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  // npm puts node_modules/.bin first, and a package in there has a `node`.
  const own = folders.filter((folder) => folder !== '' && !folder.includes('node_modules'));
  return own.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** The Chromium that CHROMIUM names, or the one on the PATH, or undefined. */
export function findChromium() {
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  return process.env.CHROMIUM ?? names.map(findOnPath).find((path) => path !== undefined);
}
