import type { OnProgress } from '../core/progress.ts';
import type { Tokenizer } from '../tokenizers/index.ts';

/** Characters that are encoded at once, about: long texts are cut at the ends of lines. */
const PIECE = 20_000;

/**
 * All texts as one row of token ids, an end token after each where the tokenizer has one, and what it
 * begins texts with before each.
 */
export async function encodeCorpus(
  texts: readonly string[],
  tokenizer: Tokenizer,
  slow: { readonly signal?: AbortSignal | undefined; readonly onProgress?: OnProgress | undefined },
): Promise<Int32Array> {
  const pieces = texts.flatMap((text) => cut(text));
  const encodings = await tokenizer.encodeAll(
    pieces.map(({ text }) => text),
    {
      addSpecialTokens: false,
      ...(slow.signal && { signal: slow.signal }),
      ...(slow.onProgress && { onProgress: slow.onProgress }),
    },
  );
  const begin = beginningOf(tokenizer);
  const end = tokenizer.eosTokenId;
  const parts = encodings.map(({ ids }, i) => {
    const { isFirst, isLast } = pieces[i]!;
    return [...(isFirst ? begin : []), ...ids, ...(isLast && end !== undefined ? [end] : [])];
  });
  const tokens = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let place = 0;
  for (const part of parts) {
    tokens.set(part, place);
    place += part.length;
  }
  return tokens;
}

/** What a tokenizer puts before a text by itself. */
function beginningOf(tokenizer: Tokenizer): readonly number[] {
  const { ids } = tokenizer.encode('');
  return ids[0] === tokenizer.bosTokenId && ids[0] !== tokenizer.eosTokenId ? ids.slice(0, 1) : [];
}

interface Piece {
  readonly text: string;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

function cut(text: string): Piece[] {
  const pieces: Piece[] = [];
  for (let start = 0; start < text.length || pieces.length === 0; ) {
    const line = text.indexOf('\n', start + PIECE);
    const end = line < 0 ? text.length : line + 1;
    pieces.push({
      text: text.slice(start, end),
      isFirst: start === 0,
      isLast: end === text.length,
    });
    start = end;
  }
  return pieces;
}
