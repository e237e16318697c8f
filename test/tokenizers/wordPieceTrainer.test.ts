import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnyformerError } from '../../src/core/errors.ts';
import type { Progress } from '../../src/core/progress.ts';
import { Tokenizer, trainWordPiece } from '../../src/tokenizers/index.ts';

const repeat = (word: string, times: number) => Array<string>(times).fill(word).join(' ');
const corpus = [
  repeat('hug', 10),
  repeat('pug', 5),
  repeat('pun', 12),
  repeat('bun', 4),
  repeat('hugs', 5),
  repeat('huggers', 3),
  repeat('Unhugged', 2),
];
const vocabOf = (tokenizer: Tokenizer) =>
  Object.keys(tokenizer.toJSON().tokenizer.model.vocab as object);

describe('trainWordPiece', () => {
  it('finds the merges of HF’s native trainer in its order', async () => {
    const tokenizer = await trainWordPiece(corpus, { minFrequency: 1 });
    const merged = vocabOf(tokenizer).filter((token) => /^(##)?[a-z]{2,}$/.test(token));
    // What tokenizers 0.23.2 (native) gives for this corpus.
    expect(merged.join(' ')).toBe(
      '##ug hug ##un pun pug ##ge hugs bun ##rs hugge huggers un ##hug ##ged unhug unhugged',
    );
  });

  it('lays out special tokens, alphabet, then continuing characters by code point', async () => {
    const tokenizer = await trainWordPiece(['ba ab é'], { minFrequency: 2, stripAccents: false });
    expect(vocabOf(tokenizer)).toEqual([
      ...['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'],
      ...['a', 'b', 'é', '##a', '##b'],
    ]);
    expect(tokenizer.padTokenId).toBe(0);
    expect(tokenizer.maskTokenId).toBe(4);
  });

  it('leaves the rarest characters out beyond limitAlphabet', async () => {
    const tokenizer = await trainWordPiece(['aaa bb c'], { minFrequency: 99, limitAlphabet: 2 });
    expect(tokenizer.tokenToId('c')).toBeUndefined();
    expect(tokenizer.tokenize('b c')).toEqual(['b', '[UNK]']);
  });

  it('honours minFrequency, vocabSize, lowercase and the prefix', async () => {
    const rare = await trainWordPiece(corpus, { minFrequency: 18 });
    expect(vocabOf(rare).filter((x) => x.length > 1 && /^[a-z]/.test(x))).toEqual(['hug']);
    const small = await trainWordPiece(corpus, { vocabSize: 26 });
    expect(small.vocabSize).toBe(26);
    const cased = await trainWordPiece(corpus, { lowercase: false, continuingSubwordPrefix: '@@' });
    expect(cased.tokenToId('U')).toBeDefined();
    expect(cased.tokenToId('@@ug')).toBeDefined();
    expect(cased.decode(cased.encode('Unhugged', { addSpecialTokens: false }).ids)).toBe(
      'Unhugged',
    );
  });

  it('takes async texts and gives the same vocabulary for the same texts', async () => {
    async function* stream() {
      yield* corpus;
    }
    const [a, b] = [await trainWordPiece(stream()), await trainWordPiece(corpus)];
    expect(JSON.stringify(a)).toBe(JSON.stringify(b));
  });

  it('writes every word of its texts without [UNK]', async () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 10 }), async (words) => {
        fc.pre(words.some((x) => /[\p{L}\p{N}]/u.test(x)));
        const tokenizer = await trainWordPiece(words, { minFrequency: 1, vocabSize: 500 });
        for (const x of words) expect(tokenizer.tokenize(x)).not.toContain('[UNK]');
      }),
    );
  });

  it('is saved as a file that opens here and in HF’s library with the same ids', async () => {
    const tokenizer = await trainWordPiece([...corpus, 'naïve 日本語 … co-op __proto__ 👍🏽']);
    const files = JSON.parse(JSON.stringify(tokenizer.toJSON()));
    const again = Tokenizer.fromJSON(files.tokenizer, files.tokenizerConfig);
    const theirs = new HuggingFaceTokenizer(files.tokenizer, files.tokenizerConfig);
    for (const text of [...corpus, '', 'Naive [MASK] 日本 👍 e\u0301 \ud800 unhug!']) {
      const { ids } = tokenizer.encode(text);
      expect(again.encode(text).ids).toEqual(ids);
      expect(theirs.encode(text).ids).toEqual(ids);
    }
  });

  it('reports progress and stops at the signal', async () => {
    const seen: Progress[] = [];
    await trainWordPiece(corpus, { onProgress: (progress) => seen.push(progress) });
    // There was not so much to merge as 30,000.
    const { phase, step, totalSteps, message } = seen.at(-1)!;
    expect(phase).toBe('tokenizer');
    expect(step).toBe(totalSteps);
    expect(message).toBe(`vocabulary ${step.toLocaleString('en')} of ${step.toLocaleString('en')}`);
    const controller = new AbortController();
    controller.abort('enough');
    const training = trainWordPiece(corpus, { signal: controller.signal });
    await expect(training).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
  });

  it('stops at a signal that comes while it merges', async () => {
    const controller = new AbortController();
    const letters = [...'abcdefghij'];
    const words = letters.flatMap((a) => letters.map((b) => `${a}${b}${a}`.repeat(2)));
    const training = trainWordPiece(words, {
      minFrequency: 1,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(training).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it.each([
    [[], 'INVALID_DATA', /no texts/],
    [['', ' \n'], 'INVALID_DATA', /texts without a word/],
    [['\ufeff\u0000'], 'INVALID_DATA', /without a word/],
    [['a', 7], 'INVALID_DATA', /position 1 is 7, not a string/],
    ['one text', 'INVALID_DATA', /put it into an array/],
    [null, 'INVALID_DATA', /received null/],
  ])('refuses %j', async (texts, code, message) => {
    const failed = await trainWordPiece(texts as string[]).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(AnyformerError);
    expect(failed).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it.each([
    [{ vocabSize: 8 }, 'INVALID_ARGUMENT', /vocabSize 8 is too small.*need \d+/],
    [{ vocabSize: 0 }, 'INVALID_ARGUMENT', /positive integer/],
    [{ specialTokens: ['[PAD]'] }, 'INVALID_ARGUMENT', /must hold '\[UNK\]'/],
    [{ specialTokens: ['[UNK]', '[UNK]'] }, 'INVALID_ARGUMENT', /distinct/],
    [{ vocab_size: 9 }, 'UNKNOWN_OPTION', /vocab_size.*vocabSize/],
  ])('refuses the options %j', async (options, code, message) => {
    const failed = await trainWordPiece(corpus, options as object).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code, message: expect.stringMatching(message) });
  });
});
