import { AnyformerError, show, throwIfAborted } from '../core/errors.ts';
import type { TrainingWarning } from '../core/warnings.ts';
import { type FileSource, isFileSource } from '../storage/fileSource.ts';
import type { CorpusFileOptions } from './fileOptions.ts';

/**
 * Text to learn to write: a list of texts (`[text]` for one), texts as they arrive, or a file of text by
 * its path, its address, or as a File or Blob. A string is always a path or an address.
 */
export type Corpus = FileSource | Iterable<string> | AsyncIterable<string>;

export interface OpenCorpusOptions extends CorpusFileOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface OpenedCorpus {
  readonly texts: readonly string[];
  readonly warnings: readonly TrainingWarning[];
}

/**
 * Reads the texts of a corpus: the whole of a txt, or a column of a table, whose rows that cannot be
 * used are left out, with a warning.
 *
 * @param where who asks, for messages: `TextGenerator.train`.
 * @throws AnyformerError `INVALID_DATA` for what is no text, and as {@link openTable}.
 *
 * @example
 * const { texts } = await openCorpus('tales.txt', 'TextGenerator.train', {});
 */
export async function openCorpus(
  source: unknown,
  where: string,
  { signal, ...file }: OpenCorpusOptions,
): Promise<OpenedCorpus> {
  if (!isFileSource(source))
    return { texts: await collectTexts(source, where, signal), warnings: [] };
  const { readTextFile } = await import('./readDataFile.ts');
  const { texts, warnings } = await readTextFile(source, where, { ...file, signal });
  return { texts: checked(texts, where), warnings };
}

async function collectTexts(
  source: unknown,
  where: string,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  if (typeof source !== 'object' || source === null || !isIterable(source)) {
    throw new AnyformerError(
      'INVALID_DATA',
      `${where} takes a list of texts, an AsyncIterable of them or the path or address of a file, received ${show(source)}.`,
    );
  }
  const texts: string[] = [];
  for await (const text of source) {
    throwIfAborted(signal, 'Reading the texts');
    texts.push(text);
  }
  return checked(texts, where);
}

const isIterable = (x: object): x is Iterable<string> | AsyncIterable<string> =>
  Symbol.iterator in x || Symbol.asyncIterator in x;

function checked(texts: string[], where: string): string[] {
  texts.forEach((text, position) => {
    if (typeof text === 'string') return;
    throw new AnyformerError(
      'INVALID_DATA',
      `${where}: the text at position ${position} is ${show(text)}, not a string; convert it or leave it out.`,
    );
  });
  if (texts.some((text) => text !== '')) return texts;
  throw new AnyformerError('INVALID_DATA', `${where}: there is no text to use, only empty ones.`);
}
