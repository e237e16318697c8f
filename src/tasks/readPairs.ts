import * as v from 'valibot';
import { abortSignal, parseOptions } from '../core/options.ts';
import type { PairsFound } from '../data/parsePairs.ts';
import type { TextSource } from '../data/textChunks.ts';
import type { FileSource } from '../storage/fileSource.ts';
import { eitherOption, type PairFileOptions, pairFileEntries } from './fileOptions.ts';
import type { TableSource } from './rowsOf.ts';

export interface ReadPairsOptions extends PairFileOptions {
  /** The same as `sourceColumn`. */
  source?: string;
  /** The same as `targetColumn`. */
  target?: string;
  /** Between two fields of a csv. Default: found out from its header. */
  delimiter?: string | undefined;
  signal?: AbortSignal;
}

const WHERE = 'readPairs';

const columnName = pairFileEntries.sourceColumn;

const schema = v.strictObject({
  ...pairFileEntries,
  source: columnName,
  target: columnName,
  delimiter: v.optional(v.string('a text such as a comma')),
  signal: v.optional(abortSignal),
});

/**
 * Reads pairs of texts from a file, or from rows. Rows that cannot be used are named in `problems`, never
 * dropped in silence, and `columns` tells which columns were read.
 *
 * @param from the path or address of a csv, tsv, json or jsonl, also gzipped (`.gz`) or in a `.zip`; a
 *   File, a Blob or bytes; rows, as objects; or with `format` the text itself in parts: `[text]`, a
 *   stream. A string is always a path or an address.
 * @param options which columns, where they are not called `source` and `target` or alike and are not the
 *   only two, and the format where the name does not tell.
 * @throws AnyformerError as `readExamples`.
 *
 * @example
 * const { pairs, problems } = await readPairs('spa.tsv', { sourceColumn: 'en', targetColumn: 'es' });
 */
export async function readPairs(
  from: TableSource | FileSource | TextSource,
  options: ReadPairsOptions = {},
): Promise<PairsFound> {
  const { source, target, delimiter, signal, ...file } = parseOptions(WHERE, schema, options);
  const asked = {
    source: eitherOption(WHERE, 'sourceColumn', file.sourceColumn, 'source', source),
    target: eitherOption(WHERE, 'targetColumn', file.targetColumn, 'target', target),
  };
  const { pairsOf } = await import('./readDataFile.ts');
  return pairsOf(from, WHERE, asked, { format: file.format, delimiter, signal });
}
