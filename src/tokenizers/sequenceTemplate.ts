import type { PostProcessor } from '@huggingface/tokenizers';
import { AnyformerError } from '../core/errors.ts';

/** A place in the finished sequence: a special token's id, or one of the texts. */
type TemplateItem =
  | { readonly special: number; readonly type: number }
  | { readonly text: 'first' | 'second'; readonly type: number };

// Stand-ins for the texts. No vocabulary holds an unpaired surrogate: it has no UTF-8.
const FIRST = '\ud800';
const SECOND = '\ud801';

/**
 * How special tokens surround one text or two, read off HF's post-processor.
 *
 * Knowing the frame lets truncation count the special tokens and keep them, and puts ids together
 * without going back to token texts.
 */
export class SequenceTemplate {
  readonly #items: readonly TemplateItem[];

  /**
   * @param processor HF's post-processor, null where the tokenizer has none.
   * @param isPair whether the frame is for two texts.
   * @param tokenToId the id of a special token.
   * @throws AnyformerError `INVALID_FILE` where it adds a token the vocabulary lacks.
   */
  constructor(
    processor: PostProcessor | null,
    isPair: boolean,
    tokenToId: (token: string) => number | undefined,
  ) {
    const { tokens, token_type_ids: types } = processor?.post_process(
      [FIRST],
      isPair ? [SECOND] : null,
      true,
    ) ?? { tokens: [FIRST] };
    const items = tokens.map((token, i) => toItem(token, types?.[i] ?? 0, tokenToId));
    // HF's JavaScript ByteLevel processor loses the second text; the native one appends it.
    if (isPair && !tokens.includes(SECOND)) items.push({ text: 'second', type: 1 });
    this.#items = items;
  }

  /** How many special tokens are added. */
  get specialTokenCount(): number {
    return this.#items.filter((item) => 'special' in item).length;
  }

  /** The whole sequence, with the number of the text (0 or 1) each id belongs to. */
  fill(
    first: readonly number[],
    second: readonly number[] | undefined,
    addSpecialTokens: boolean,
  ): { ids: number[]; tokenTypeIds: number[] } {
    const ids: number[] = [];
    const tokenTypeIds: number[] = [];
    for (const item of this.#items) {
      if ('special' in item) {
        if (!addSpecialTokens) continue;
        ids.push(item.special);
        tokenTypeIds.push(item.type);
      } else {
        for (const id of (item.text === 'first' ? first : second) ?? []) {
          ids.push(id);
          tokenTypeIds.push(item.type);
        }
      }
    }
    return { ids, tokenTypeIds };
  }
}

function toItem(
  token: string,
  type: number,
  tokenToId: (token: string) => number | undefined,
): TemplateItem {
  if (token === FIRST) return { text: 'first', type };
  if (token === SECOND) return { text: 'second', type };
  const special = tokenToId(token);
  if (special === undefined) {
    throw new AnyformerError(
      'INVALID_FILE',
      `This tokenizer.json adds the special token '${token}' to every text, but its vocabulary has no such token; add it to added_tokens.`,
    );
  }
  return { special, type };
}
