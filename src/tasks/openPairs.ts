import { AnyformerError } from '../core/errors.ts';
import type { TrainingWarning } from '../core/warnings.ts';
import { collectPairs, type PairInput, type TextPair } from '../data/pairs.ts';
import { parsePairs } from '../data/parsePairs.ts';
import { rowsLeftOut } from '../data/rowsLeftOut.ts';
import { type FileSource, isFileSource } from '../storage/readFile.ts';
import type { PairFileOptions } from './fileOptions.ts';
import { COLUMN_FORMATS, openTable } from './openTable.ts';

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
  { signal, format, sourceColumn, targetColumn }: OpenPairsOptions,
): Promise<OpenedPairs> {
  if (!isFileSource(source))
    return { pairs: await collectPairs(source, where, signal), warnings: [] };
  const opening = { format, signal, useful: COLUMN_FORMATS, textItself: '[{ source, target }, …]' };
  return openTable(source, where, opening, async ({ bytes, format, location }) => {
    checkPairs(format);
    const columns = { source: sourceColumn, target: targetColumn };
    const { pairs, problems } = await parsePairs(bytes, { format, ...columns });
    return { pairs, warnings: problems.length > 0 ? [rowsLeftOut(location, problems)] : [] };
  });
}

/** @throws AnyformerError `INVALID_DATA` for a format that has no pairs. */
export function checkPairs(format: string): void {
  if (format !== 'txt') return;
  throw new AnyformerError(
    'INVALID_DATA',
    'A txt has texts without their targets; pass a csv, tsv, json or jsonl with a source and a target in each row.',
  );
}
