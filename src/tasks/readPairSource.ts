import { AnyformerError } from '../core/errors.ts';
import { collectPairs, type TextPair } from '../data/pairs.ts';
import { readPairs } from '../data/readPairs.ts';
import type { Storage } from '../storage/storage.ts';
import type { PairSource } from './translatorOptions.ts';

/**
 * The pairs that a task was given, all checked.
 *
 * A file is a table with the columns `source` and `target`; its ending says of which format. A row
 * without one of the two is refused: nothing is dropped in silence.
 *
 * @param openFolder opens the folder a file is in.
 * @throws AnyformerError `INVALID_DATA` for what cannot be used, `STORAGE` for a file that is not
 *   there, `UNSUPPORTED` for a path where there is no file system.
 */
export async function readPairSource(
  source: PairSource,
  where: string,
  openFolder: (path: string) => Storage,
): Promise<TextPair[]> {
  if (typeof source !== 'string' && !(source instanceof URL)) return collectPairs(source, where);
  const path = String(source);
  const cut = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1;
  const name = path.slice(cut);
  const bytes = await openFolder(path.slice(0, cut) || '.').read(name);
  const format = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  const { pairs, problems } = await readPairs(bytes, { format });
  const [first] = problems;
  if (first === undefined) return pairs;
  throw new AnyformerError(
    'INVALID_DATA',
    `${where}: ${problems.length} rows of ${path} cannot be used; row ${first.row}: ${first.reason}. ` +
      'Correct or remove them.',
  );
}
