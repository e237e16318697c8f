import { defineConfig } from 'vitest/config';
import usual from './vitest.config.ts';

/** The slow test set: random shapes by the thousands. */
export default defineConfig({
  ...usual,
  test: {
    ...usual.test,
    setupFiles: [`${root}test/slow/seed.ts`],
    include: ['test/slow/**/*.test.ts'],
    exclude: [],
  },
});
