import { AnyformerError } from '../core/errors.ts';
import type { OnProgress } from '../core/progress.ts';
import type { TextPair } from '../data/pairs.ts';
import {
  Tokenizer,
  type TrainByteLevelBPEOptions,
  type TrainCharacterLevelOptions,
  type TrainWordPieceOptions,
  trainByteLevelBPE,
  trainCharacterLevel,
  trainWordPiece,
} from '../tokenizers/index.ts';

/** A vocabulary that `train` learns from the pairs. */
export type TranslatorTokenizerOptions =
  | ({ type: 'byte-level-bpe' } & Omit<TrainByteLevelBPEOptions, Owned>)
  | ({ type: 'wordpiece' } & Omit<TrainWordPieceOptions, Owned>)
  | ({ type: 'characters' } & Omit<TrainCharacterLevelOptions, Owned>);

/** What the translator sets: how texts are padded, begin and end. */
type Owned = 'signal' | 'onProgress' | 'specialTokens';

export const TOKENIZER_TYPES: readonly unknown[] = ['byte-level-bpe', 'wordpiece', 'characters'];

/** One tokenizer for both sides, or one for each. */
export interface TokenizerPair<T> {
  readonly source: T;
  readonly target: T;
}

const [BEGIN, END] = ['<s>', '</s>'];

/** The tokenizers a translator was given, or those trained on its pairs; one where both are one. */
export async function makeTokenizers(
  { source, target }: TokenizerPair<Tokenizer | TranslatorTokenizerOptions>,
  pairs: readonly TextPair[],
  slow: { signal?: AbortSignal | undefined; onProgress: OnProgress },
): Promise<TokenizerPair<Tokenizer>> {
  const sources = pairs.map((pair) => pair.source);
  const targets = pairs.map((pair) => pair.target);
  if (source === target) {
    const shared = await makeTokenizer(source, [...sources, ...targets], slow);
    return { source: shared, target: shared };
  }
  return {
    source: await makeTokenizer(source, sources, slow),
    target: await makeTokenizer(target, targets, slow),
  };
}

async function makeTokenizer(
  wanted: Tokenizer | TranslatorTokenizerOptions,
  texts: readonly string[],
  { signal, onProgress }: { signal?: AbortSignal | undefined; onProgress: OnProgress },
): Promise<Tokenizer> {
  if (wanted instanceof Tokenizer) return wanted;
  const slow = { ...(signal && { signal }), onProgress };
  const { type, ...options } = wanted;
  switch (type) {
    case 'wordpiece': {
      const specialTokens = ['[PAD]', '[UNK]', BEGIN!, END!];
      return withEnd(await trainWordPiece(texts, { ...options, specialTokens, ...slow }));
    }
    case 'characters': {
      const specialTokens = ['<pad>', '<unk>', BEGIN!, END!];
      return withEnd(await trainCharacterLevel(texts, { ...options, specialTokens, ...slow }));
    }
    default: {
      const specialTokens = ['<pad>', BEGIN!, END!];
      return withEnd(await trainByteLevelBPE(texts, { ...options, specialTokens, ...slow }));
    }
  }
}

/** The tokenizer with an end token after every text, as its tokenizer.json then says. */
function withEnd(tokenizer: Tokenizer): Tokenizer {
  const json = tokenizer.toJSON();
  const end = { SpecialToken: { id: END, type_id: 0 } };
  const text = (id: 'A' | 'B') => ({ Sequence: { id, type_id: 0 } });
  const post_processor = {
    type: 'TemplateProcessing',
    single: [text('A'), end],
    pair: [text('A'), text('B'), end],
    special_tokens: { [END!]: { id: END, ids: [tokenizer.eosTokenId], tokens: [END] } },
  };
  return Tokenizer.fromJSON({ ...json.tokenizer, post_processor }, json.tokenizerConfig);
}

/** Texts of different lengths stand in one batch, and a translation has to end. */
export function checkTokenizer(tokenizer: Tokenizer, where: string): void {
  for (const [token, id] of Object.entries({
    padding: tokenizer.padTokenId,
    end: tokenizer.eosTokenId,
  })) {
    if (id !== undefined) continue;
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `${where}: the tokenizer has no ${token} token; a translator needs '<pad>' and '</s>' among its special tokens, or a pad_token and an eos_token in its tokenizer_config.json.`,
    );
  }
}

/** What the model's options take from the tokenizers. */
export function vocabularyOptions({ source, target }: TokenizerPair<Tokenizer>) {
  const { vocabSize, padTokenId, eosTokenId, bosTokenId } = target;
  return {
    vocabSize: source.vocabSize,
    // A table of embeddings of its own where the vocabulary is another one, whatever its size.
    ...(source !== target && {
      decoderVocabSize: vocabSize,
      shareEncoderDecoderEmbeddings: false,
    }),
    padTokenId: padTokenId!,
    eosTokenId: eosTokenId!,
    ...(bosTokenId !== undefined && { bosTokenId }),
    decoderStartTokenId: bosTokenId ?? padTokenId!,
  };
}
