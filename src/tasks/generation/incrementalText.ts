/** What turns token ids into text. */
export interface TextDecoding {
  decode(ids: ArrayLike<number>, options?: { readonly skipSpecialTokens?: boolean }): string;
}

/** A character is no longer than this in UTF-8, so no more tokens of single bytes can complete it. */
const MOST_BYTES = 4;
/** Tokens before the new ones that are decoded along: what a token's text depends on. */
const CONTEXT = 4;

/**
 * The text of tokens that come one after the other, in pieces that never break a character. All
 * pieces together are the text.
 *
 * @param context the tokens before the first: what it is spaced by.
 */
export class IncrementalText {
  /** What stands before `#pending` and has been given out. */
  #before: number[];
  #pending: number[] = [];

  constructor(
    private readonly tokenizer: TextDecoding,
    context: readonly number[] = [],
  ) {
    this.#before = context.slice(-CONTEXT);
  }

  /** Takes a token. @returns what can be said now; '' while a character is not complete. */
  push(id: number): string {
    this.#pending.push(id);
    const piece = this.#piece();
    const isBroken = piece.endsWith('\uFFFD') && this.#pending.length < MOST_BYTES;
    return isBroken ? '' : this.#give(piece);
  }

  /** The end: what was waited for and never came is a replacement character. */
  flush(): string {
    return this.#pending.length === 0 ? '' : this.#give(this.#piece());
  }

  #piece(): string {
    const before = this.#decode(this.#before);
    const all = this.#decode([...this.#before, ...this.#pending]);
    return all.startsWith(before) ? all.slice(before.length) : this.#decode(this.#pending);
  }

  #give(piece: string): string {
    this.#before = [...this.#before, ...this.#pending].slice(-CONTEXT);
    this.#pending = [];
    return piece;
  }

  #decode(ids: readonly number[]): string {
    return this.tokenizer.decode(ids, { skipSpecialTokens: true });
  }
}

/** All of a text at once, as its pieces would give it. */
export function textOf(
  tokenizer: TextDecoding,
  ids: readonly number[],
  context: readonly number[] = [],
): string {
  const text = new IncrementalText(tokenizer, context);
  return ids.map((id) => text.push(id)).join('') + text.flush();
}
