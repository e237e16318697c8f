import type { TrainingWarning } from '../core/warnings.ts';
import { collectPairs, type PairInput, type TextPair } from '../data/pairs.ts';
import { type FileSource, isFileSource } from '../storage/fileSource.ts';
import type { PairFileOptions } from './fileOptions.ts';

/**
 * Pairs in memory or arriving, or a file of them by its path, its address, or as a File or Blob. A string
 * is always a path or an address.
 */
export type PairSource = FileSource | Iterable<PairInput> | AsyncIterable<PairInput>;

export interface OpenPairsOptions extends PairFileOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface OpenedPairs {
  readonly pairs: readonly TextPair[];
  readonly warnings: readonly TrainingWarning[];
}

/**
 * Reads the pairs that a task was given, all checked. Rows of a file that cannot be used are left out,
 * with a warning.
 *
 * @param where who asks, for messages: `Translator.train`.
 * @throws AnyformerError `INVALID_DATA` for what cannot be used, and as {@link openTable}.
 *
 * @example
 * const { pairs, warnings } = await openPairs('pairs.tsv', 'Translator.train', {});
 */
export async function openPairs(
  source: PairSource,
  where: string,
  { signal, ...file }: OpenPairsOptions,
): Promise<OpenedPairs> {
  if (!isFileSource(source))
    return { pairs: await collectPairs(source, where, signal), warnings: [] };
  const { readPairFile } = await import('./readDataFile.ts');
  return readPairFile(source, where, { ...file, signal });
}
