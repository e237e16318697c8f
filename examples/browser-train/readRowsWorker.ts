/** Reads files off the page's thread: a long one would stop the page for seconds. */
import { Refusal } from './decodeFile.ts';
import { type ColumnsChosen, type RowsRead, readRows } from './readRows.ts';

export interface ReadingAsked {
  readonly source: Blob | string;
  readonly chosen: ColumnsChosen;
}

export type ReadingAnswer = { readonly read: RowsRead } | { readonly refusal: string };

addEventListener('message', async ({ data }: MessageEvent<ReadingAsked>) => {
  postMessage(await answer(data));
});

async function answer({ source, chosen }: ReadingAsked): Promise<ReadingAnswer> {
  try {
    const content =
      typeof source === 'string' ? source : new Uint8Array(await source.arrayBuffer());
    return { read: readRows(content, chosen) };
  } catch (error) {
    if (error instanceof Refusal) return { refusal: error.message };
    console.error(error);
    return {
      refusal:
        'The file could not be read. It may be too large, or it was moved since it was chosen.',
    };
  }
}
