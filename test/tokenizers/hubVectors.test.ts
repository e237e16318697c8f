import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Tokenizer } from '../../src/tokenizers/index.ts';
import { sharedDataOrSay } from '../support/sharedData.ts';
import { tinyWordPieceJson } from './tinyTokenizers.ts';

interface Vector {
  readonly text: string;
  readonly text_pair?: string;
  readonly tokens: string[];
  readonly ids: number[];
  readonly decoded: string;
}

const folder = sharedDataOrSay('tokenizers', 'HF’s own test vectors for bert and gpt2');
const llama = sharedDataOrSay('pretrained/stories260K/hf/tokenizer.json', 'a Llama tokenizer.json');
const read = (name: string) => readFileSync(`${folder}/${name}`, 'utf8');
const lines = (name: string) => read(name).trimEnd().split('\n');

function vectors(name: string, model: string): [string, Vector][] {
  return folder ? Object.entries(JSON.parse(read(name))[model]) : [];
}

/** What transformers sets for both: the vectors' decoded texts show it. */
const config = { clean_up_tokenization_spaces: true };

function bertUncased(): Tokenizer {
  const vocab = Object.fromEntries(lines('bert/vocab.txt').map((token, id) => [token, id]));
  const json = tinyWordPieceJson();
  const added = json.added_tokens.map((token) => ({ ...token, id: vocab[token.content] }));
  const model = { ...json.model, vocab };
  return Tokenizer.fromJSON({ ...json, added_tokens: added, model }, config);
}

function gpt2(): Tokenizer {
  const json = {
    added_tokens: [{ id: 50256, content: '<|endoftext|>', special: true, normalized: false }],
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false },
    post_processor: { type: 'ByteLevel', trim_offsets: false },
    decoder: { type: 'ByteLevel' },
    // The type is left out, as in the file on the Hub.
    model: {
      vocab: JSON.parse(read('gpt2/encoder.json')),
      merges: lines('gpt2/vocab.bpe').slice(1),
    },
  };
  return Tokenizer.fromJSON(json, config);
}

describe.skipIf(folder === undefined).each([
  ['bert-base-uncased', bertUncased, vectors('vectors_bert.json', 'Xenova/bert-base-uncased')],
  ['gpt2', gpt2, vectors('vectors_gpt2.json', 'Xenova/gpt2')],
] as const)('%s', (_, open, cases) => {
  it(`agrees with HF’s ${cases.length} vectors`, () => {
    const tokenizer = open();
    expect(cases.length).toBeGreaterThan(20);
    for (const [name, vector] of cases) {
      const options = vector.text_pair === undefined ? {} : { textPair: vector.text_pair };
      const { ids } = tokenizer.encode(vector.text, options);
      expect(ids, name).toEqual(vector.ids);
      expect(tokenizer.decode(ids), name).toBe(vector.decoded);
    }
  });
});

describe.skipIf(llama === undefined)('stories260K', () => {
  it('opens a Llama tokenizer.json and gives texts back', () => {
    const tokenizer = Tokenizer.fromJSON(readFileSync(llama!, 'utf8'));
    expect(tokenizer.vocabSize).toBe(512);
    const { ids } = tokenizer.encode('Once upon a time, Lily met a cat. 👍');
    expect(ids[0]).toBe(tokenizer.bosTokenId);
    expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe(
      'Once upon a time, Lily met a cat. 👍',
    );
  });
});
