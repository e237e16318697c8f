import { readFileSync } from 'node:fs';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Tokenizer, trainByteLevelBPE } from '../../src/tokenizers/index.ts';
import { sharedDataOrSay } from '../support/sharedData.ts';

const reference = sharedDataOrSay('tokenizers/cs336-bpe', 'reference merges of CS336');

describe.skipIf(reference === undefined)('trainByteLevelBPE on the corpus of CS336', () => {
  it('finds exactly the reference merges and vocabulary', async () => {
    const read = (name: string) => readFileSync(`${reference}/${name}`, 'utf8');
    const tokenizer = await trainByteLevelBPE([read('corpus.en')], {
      vocabSize: 500,
      minFrequency: 1,
    });
    const { model } = tokenizer.toJSON().tokenizer;
    expect(model.merges).toEqual(read('train-bpe-reference-merges.txt').trimEnd().split('\n'));
    expect(model.vocab).toEqual(JSON.parse(read('train-bpe-reference-vocab.json')));
  });

  it('never lets a merge cross a special token', async () => {
    const sample = readFileSync(`${reference}/tinystories_sample.txt`, 'utf8');
    expect(sample).toContain('<|endoftext|>');
    const tokenizer = await trainByteLevelBPE([sample], { vocabSize: 1000 });
    const tokens = Object.keys(tokenizer.toJSON().tokenizer.model.vocab as object);
    expect(tokens.filter((token) => token.includes('<|'))).toEqual(['<|endoftext|>']);
  });
});

const corpus = ['low low low low low', 'lower lower widest widest widest', 'newest '.repeat(6)];

describe('trainByteLevelBPE', () => {
  it('merges the most frequent pair, the greater bytes first among equals', async () => {
    const tokenizer = await trainByteLevelBPE(corpus, { vocabSize: 257 + 6, minFrequency: 1 });
    // The worked example of the assignment's handout.
    expect(tokenizer.toJSON().tokenizer.model.merges).toEqual([
      's t',
      'e st',
      'o w',
      'l ow',
      'w est',
      'n e',
    ]);
  });

  it('gives any well-formed text back', async () => {
    const tokenizer = await trainByteLevelBPE(corpus, { vocabSize: 300 });
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        expect(tokenizer.decode(tokenizer.encode(text).ids)).toBe(text);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    '',
    ' ',
    'naïve café',
    '日本語',
    '👩‍👩‍👧',
    'e\u0301\u0327',
    'low<|endoftext|>est',
    '\u0000\ufeff',
  ])('gives %j back', async (text) => {
    const tokenizer = await trainByteLevelBPE(corpus, { vocabSize: 300 });
    expect(tokenizer.decode(tokenizer.encode(text).ids)).toBe(text);
  });

  it('writes half a surrogate pair as U+FFFD, in training and in encoding', async () => {
    const tokenizer = await trainByteLevelBPE(['a\ud800b'], { vocabSize: 300, minFrequency: 1 });
    expect(tokenizer.decode(tokenizer.encode('a\ud800b').ids)).toBe('a\ufffdb');
  });

  it('encodes as it was trained with a space before the first word', async () => {
    const tokenizer = await trainByteLevelBPE(['low low low'], {
      vocabSize: 260,
      minFrequency: 1,
      addPrefixSpace: true,
    });
    expect(tokenizer.tokenize('low low')).toEqual(['Ġlow', 'Ġlow']);
    expect(tokenizer.encode('low').ids).toEqual([tokenizer.tokenToId('Ġlow')]);
  });

  it('is saved as a file that opens here and in HF’s library with the same ids', async () => {
    const tokenizer = await trainByteLevelBPE(corpus, {
      vocabSize: 280,
      specialTokens: ['<|endoftext|>', '<pad>'],
    });
    const files = JSON.parse(JSON.stringify(tokenizer.toJSON()));
    const again = Tokenizer.fromJSON(files.tokenizer, files.tokenizerConfig);
    const theirs = new HuggingFaceTokenizer(files.tokenizer, files.tokenizerConfig);
    expect(again.padTokenId).toBe(1);
    expect(again.eosTokenId).toBe(0);
    for (const text of [...corpus, 'Unseen, 日本<|endoftext|>!']) {
      const { ids } = tokenizer.encode(text);
      expect(again.encode(text).ids).toEqual(ids);
      expect(theirs.encode(text).ids).toEqual(ids);
    }
  });

  it('refuses a vocabulary that does not hold the 256 bytes', async () => {
    await expect(trainByteLevelBPE(corpus, { vocabSize: 256 })).rejects.toThrow(
      /vocabSize 256 is too small.*257/,
    );
  });
});
