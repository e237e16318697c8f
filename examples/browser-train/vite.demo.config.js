import { thirdPartyNotices } from '../../rollup.notices.mjs';

/** What `anyformer` is to the page in dist/demo: the files of dist beside it. */
const imports = {
  anyformer: '../index.js',
  '#runtime': '../runtime/browser.js',
  '#javascript': '../javascript.js',
};
const INLINE = 'anyformer/inline?url';

/** Leaves the library out of the page: the package has it already. */
const fromDist = {
  name: 'from-dist',
  enforce: 'pre',
  resolveId(id) {
    if (id === 'anyformer') return { id, external: true };
    return id === INLINE ? `\0${INLINE}` : null;
  },
  load: (id) =>
    id === `\0${INLINE}`
      ? "export default new URL('../anyformer.inline.js', document.baseURI).href;"
      : null,
  transformIndexHtml: () => [
    {
      tag: 'script',
      attrs: { type: 'importmap' },
      children: JSON.stringify({ imports }),
      injectTo: 'head-prepend',
    },
  ],
};

/** The page that `npx anyformer demo` serves, built when the package is. */
export default {
  root: import.meta.dirname,
  base: './',
  logLevel: 'warn',
  plugins: [fromDist, thirdPartyNotices('THIRD-PARTY.txt')],
  worker: {
    format: 'es',
    plugins: () => [thirdPartyNotices('THIRD-PARTY-worker.txt')],
    rolldownOptions: { output: { entryFileNames: '[name].js' } },
  },
  build: {
    outDir: '../../dist/demo',
    emptyOutDir: true,
    modulePreload: false,
    rolldownOptions: {
      output: { entryFileNames: '[name].js', assetFileNames: '[name][extname]' },
    },
  },
};
