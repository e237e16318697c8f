import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { tfjsParts } from '../rollup.config.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

export default defineConfig({
  root,
  plugins: [tfjsParts() as never],
  resolve: {
    alias: [
      { find: '#runtime', replacement: `${root}src/runtime/node.ts` },
      { find: '#javascript', replacement: `${root}src/javascript.ts` },
      // tfjs as the bundle takes it: its module sources, not the packaged CommonJS.
      {
        find: /^@tensorflow\/(tfjs-[a-z-]+)$/,
        replacement: `${root}node_modules/@tensorflow/$1/dist/index.js`,
      },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/wholeTfjs.ts'],
    // Its own set: vitest.slow.config.ts.
    exclude: ['test/slow/**'],
    server: { deps: { inline: [/@tensorflow/] } },
    // tfjs is over a thousand modules: each worker loads them once, not once a file.
    isolate: false,
    maxWorkers: 2,
    testTimeout: 60_000,
    // They start browsers and install the package.
    hookTimeout: 60_000,
  },
});
