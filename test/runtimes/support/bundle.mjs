import { build } from 'esbuild';

/**
 * Bundles an entry that is given as text, as the tools of edge hosts do: the package is found from
 * `folder`, by the conditions of the host.
 *
 * @param {string} source
 * @param {string} folder where the package is installed.
 * @param {import('esbuild').BuildOptions} options
 * @returns {Promise<import('esbuild').OutputFile[]>} the bundle, and what it imports beside it.
 */
export async function bundle(source, folder, options) {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: folder, sourcefile: 'entry.mjs' },
    bundle: true,
    format: 'esm',
    target: 'es2022',
    outdir: folder,
    assetNames: '[name]',
    write: false,
    logLevel: 'error',
    ...options,
  });
  return outputFiles;
}
