import { defineConfig } from 'vitest/config';
import usual from './vitest.config.ts';

/** The slow test set: random shapes by the thousands, the same in every run. */
export default defineConfig({
  ...usual,
  test: {
    ...usual.test,
    setupFiles: [...[usual.test?.setupFiles ?? []].flat(), 'test/slow/seed.ts'],
    include: ['test/slow/**/*.test.ts'],
    exclude: [],
  },
});
