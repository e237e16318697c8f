import { Tokenizer } from '../../src/tokenizers/index.ts';
import type { TokenizerJson } from '../../src/tokenizers/tokenizerJson.ts';

const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const LETTERS = [...'abcdefghijklmnopqrstuvwxyz'];

/** A WordPiece vocabulary of letters and some words, as HF would write it. */
export function tinyWordPieceJson(): TokenizerJson {
  const tokens = [
    ...SPECIAL,
    ...LETTERS,
    ...LETTERS.map((x) => `##${x}`),
    ...['the', 'film', '##ing', 'good', 'bad', '!', '?', '.', "'", '日', 'é', '##s'],
  ];
  const special = (id: string, type_id: number) => ({ SpecialToken: { id, type_id } });
  const text = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
  const single = [special('[CLS]', 0), text('A', 0), special('[SEP]', 0)];
  return {
    version: '1.0',
    added_tokens: SPECIAL.map((content, id) => ({ id, content, special: true, normalized: false })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single,
      pair: [...single, text('B', 1), special('[SEP]', 1)],
      special_tokens: {},
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries([...new Set(tokens)].map((token, id) => [token, id])),
    },
  };
}

export const tinyWordPiece = () => Tokenizer.fromJSON(tinyWordPieceJson());
