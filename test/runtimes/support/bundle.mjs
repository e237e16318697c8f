import { build } from 'esbuild';

/** An entry given as text, from which the package in `folder` is found. */
export const entry = (source, folder) => ({
  stdin: { contents: source, resolveDir: folder, sourcefile: 'entry.mjs' },
});

/**
 * Bundles in memory, with what the tools of all edge hosts have in common.
 *
 * @param {import('esbuild').BuildOptions} options
 * @returns {Promise<import('esbuild').OutputFile[]>} the code, and the files that it imports.
 */
export async function bundle(options) {
  const { outputFiles } = await build({
    bundle: true,
    target: 'es2022',
    outdir: '/',
    assetNames: '[name]',
    write: false,
    logLevel: 'error',
    ...options,
  });
  return outputFiles;
}
