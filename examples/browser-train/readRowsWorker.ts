/** Reads files off the page's thread: a long one would stop the page for seconds. */
import { Refusal } from './decodeFile.ts';
import { type ColumnsChosen, type RowsRead, readRows } from './readRows.ts';

export interface ReadingAsked {
  readonly source: Blob | string;
  readonly chosen: ColumnsChosen;
}

/** Rows come in parts: a page that takes many at once stops for that long. */
export type ReadingAnswer =
  | { readonly part: Pick<RowsRead, 'texts' | 'labels'> }
  | { readonly read: Omit<RowsRead, 'texts' | 'labels'> }
  | { readonly refusal: string };

const ROWS_OF_PART = 4000;

addEventListener('message', async ({ data }: MessageEvent<ReadingAsked>) => {
  for (const answer of await answers(data)) postMessage(answer);
});

async function answers({ source, chosen }: ReadingAsked): Promise<ReadingAnswer[]> {
  try {
    const content =
      typeof source === 'string' ? source : new Uint8Array(await source.arrayBuffer());
    const { texts, labels, ...read } = readRows(content, chosen);
    const parts: ReadingAnswer[] = [];
    for (let from = 0; from < texts.length; from += ROWS_OF_PART) {
      const to = from + ROWS_OF_PART;
      parts.push({ part: { texts: texts.slice(from, to), labels: labels.slice(from, to) } });
    }
    return [...parts, { read }];
  } catch (error) {
    if (error instanceof Refusal) return [{ refusal: error.message }];
    console.error(error);
    return [
      {
        refusal:
          'The file could not be read. It may be too large, or it was moved since it was chosen.',
      },
    ];
  }
}
