import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Tokenizer, trainCharacterLevel } from '../../src/tokenizers/index.ts';

describe('trainCharacterLevel', () => {
  it('has one token a character, by code point, after the special tokens', async () => {
    const tokenizer = await trainCharacterLevel(['hello\n', '👍\ud800'], {
      specialTokens: ['<unk>', '<pad>'],
    });
    const tokens = Array.from({ length: tokenizer.vocabSize }, (_, id) => tokenizer.idToToken(id));
    expect(tokens).toEqual(['<unk>', '<pad>', '\n', 'e', 'h', 'l', 'o', '👍']);
    expect(tokenizer.encode('hole\ud800x').ids).toEqual([4, 6, 5, 3, 0, 0]);
    expect(tokenizer.padTokenId).toBe(1);
  });

  it('gives texts of its characters back, also after saving', async () => {
    const tokenizer = await trainCharacterLevel(['ab \n👍é']);
    const again = Tokenizer.fromJSON(JSON.stringify(tokenizer.toJSON().tokenizer));
    const characters = fc.constantFrom(...'ab \n👍é');
    fc.assert(
      fc.property(fc.string({ unit: characters }), (text) => {
        expect(again.decode(again.encode(text).ids)).toBe(text);
      }),
    );
  });
});
