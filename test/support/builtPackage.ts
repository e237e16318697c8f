import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The project's folder, from which its own name is a package: `import 'anyformer'`. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

if (!existsSync(`${root}dist/index.js`)) {
  throw new Error('These tests run the built package and there is none; run: npm run build');
}
