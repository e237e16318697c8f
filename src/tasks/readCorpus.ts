import { AnyformerError, show } from '../core/errors.ts';
import type { Storage } from '../storage/storage.ts';

/**
 * Text to learn to write: one text, several, texts as they arrive, or the URL (`file:` or `http(s):`)
 * of a file of text.
 */
export type Corpus = string | URL | Iterable<string> | AsyncIterable<string>;

/**
 * The texts of a corpus.
 *
 * @param openFolder opens the folder a file is in.
 * @throws AnyformerError `INVALID_DATA` for what is no text, `STORAGE` for a file that is not there.
 */
export async function readCorpus(
  corpus: Corpus,
  where: string,
  openFolder: (folder: URL) => Storage,
): Promise<string[]> {
  if (typeof corpus === 'string') return checked([corpus], where);
  if (corpus instanceof URL) {
    const name = decodeURIComponent(corpus.pathname.slice(corpus.pathname.lastIndexOf('/') + 1));
    const bytes = await openFolder(new URL('.', corpus)).read(name);
    return checked([new TextDecoder().decode(bytes)], where);
  }
  if (typeof corpus !== 'object' || corpus === null || !isIterable(corpus)) {
    throw new AnyformerError(
      'INVALID_DATA',
      `${where} takes a text, a list of texts, an AsyncIterable of them or the URL of a file, received ${show(corpus)}.`,
    );
  }
  const texts: string[] = [];
  for await (const text of corpus) texts.push(text);
  return checked(texts, where);
}

const isIterable = (x: object) => Symbol.iterator in x || Symbol.asyncIterator in x;

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
