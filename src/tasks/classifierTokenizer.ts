import { AnyformerError } from '../core/errors.ts';
import type { OnProgress } from '../core/progress.ts';
import { Tokenizer, trainByteLevelBPE, trainWordPiece } from '../tokenizers/index.ts';
import type { TokenizerOptions } from './classifierOptions.ts';

/** Of byte-level BPE, whose own default has no padding token: texts in a batch differ in length. */
const BPE_SPECIAL_TOKENS = ['<pad>', '<|endoftext|>'];

/** The tokenizer a classifier was given, or one trained on its texts. */
export async function makeTokenizer(
  wanted: Tokenizer | TokenizerOptions,
  texts: readonly string[],
  { signal, onProgress }: { signal?: AbortSignal | undefined; onProgress: OnProgress },
): Promise<Tokenizer> {
  if (wanted instanceof Tokenizer) return wanted;
  const slow = { ...(signal && { signal }), onProgress };
  const tokenizer = await (wanted.type === 'wordpiece'
    ? trainWordPiece(texts, { ...withoutType(wanted), ...slow })
    : trainByteLevelBPE(texts, {
        specialTokens: BPE_SPECIAL_TOKENS,
        ...withoutType(wanted),
        ...slow,
      }));
  checkPadding(tokenizer, 'TextClassifier.train');
  return tokenizer;
}

function withoutType<T extends { type: string }>({ type: _, ...options }: T): Omit<T, 'type'> {
  return options;
}

/** Texts of different lengths stand in one batch, so that a classifier has to pad. */
export function checkPadding(tokenizer: Tokenizer, where: string): void {
  if (tokenizer.padTokenId !== undefined) return;
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `${where}: the tokenizer has no padding token, which texts of different lengths need; name '[PAD]' or '<pad>' among its specialTokens, or a pad_token in its tokenizer_config.json.`,
  );
}
