import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Tokenizer, trainByteLevelBPE } from '../../src/tokenizers/index.ts';
import { tinyWordPiece, tinyWordPieceJson } from './tinyTokenizers.ts';

const PAD = 0;
const CLS = 2;
const SEP = 3;
const plain = () => new HuggingFaceTokenizer(tinyWordPieceJson(), {});

// What texts are made of: words, all kinds of blanks, what cleaning deletes, special tokens.
const bits = fc.constantFrom(
  ...[
    'the',
    'FILM',
    'filming',
    ' ',
    '  ',
    '\t',
    '\n',
    '\r\n',
    '\u000b',
    '\u0085',
    '\u00a0',
    '\ufeff',
  ],
  ...[
    '\u3000',
    '!',
    "'",
    '日',
    'é',
    'e\u0301',
    'Σ',
    'ΑΣ',
    '\u0000',
    '\ud800',
    '👍',
    '[MASK]',
    '[mask]',
  ],
  ...['[CLS', ']', 'constructor', 'x'.repeat(101)],
);
const texts = fc.oneof(
  fc.array(bits, { maxLength: 12 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 30 }),
);

describe('Tokenizer.encode', () => {
  it('surrounds a text and a pair with special tokens', () => {
    const tokenizer = tinyWordPiece();
    const [the, film] = [tokenizer.tokenToId('the')!, tokenizer.tokenToId('film')!];
    expect(tokenizer.encode('The film')).toEqual({
      ids: [CLS, the, film, SEP],
      attentionMask: [1, 1, 1, 1],
      tokenTypeIds: [0, 0, 0, 0],
    });
    expect(tokenizer.encode('the', { textPair: 'film film' })).toEqual({
      ids: [CLS, the, SEP, film, film, SEP],
      attentionMask: [1, 1, 1, 1, 1, 1],
      tokenTypeIds: [0, 0, 0, 1, 1, 1],
    });
    expect(tokenizer.encode('the film', { addSpecialTokens: false }).ids).toEqual([the, film]);
    expect(tokenizer.encode('').ids).toEqual([CLS, SEP]);
    expect(tokenizer.encode('', { textPair: '' }).ids).toEqual([CLS, SEP, SEP]);
  });

  it('gives the ids of HF’s library for any WordPiece text, again and again', () => {
    const [ours, theirs] = [tinyWordPiece(), plain()];
    fc.assert(
      fc.property(texts, (text) => {
        const wanted = theirs.encode(text).ids;
        expect(ours.encode(text).ids).toEqual(wanted);
        expect(ours.encode(text).ids).toEqual(wanted);
      }),
      { numRuns: 2000 },
    );
  });

  it('gives the ids of HF’s library for any byte-level text, again and again', async () => {
    const ours = await trainByteLevelBPE(['the film the filming [MASK] 日日日 !!!   x'], {
      vocabSize: 290,
      minFrequency: 1,
      specialTokens: ['<|endoftext|>', '[MASK]'],
    });
    const theirs = new HuggingFaceTokenizer(ours.toJSON().tokenizer, {});
    fc.assert(
      fc.property(texts, (text) => {
        const wanted = theirs.encode(text).ids;
        expect(ours.encode(text).ids).toEqual(wanted);
        expect(ours.encode(text).ids).toEqual(wanted);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes added tokens that strip blanks or are matched after cleaning as HF’s library does', () => {
    const json = tinyWordPieceJson();
    const added = [
      ...json.added_tokens,
      { id: 80, content: '<strip>', special: true, normalized: false, lstrip: true, rstrip: true },
      { id: 81, content: 'Good Bad', special: false, normalized: true },
    ];
    const ours = Tokenizer.fromJSON({ ...json, added_tokens: added });
    const theirs = new HuggingFaceTokenizer({ ...json, added_tokens: added }, {});
    for (const text of ['good bad', 'a <strip> b', 'GOOD BAD film', 'good  bad']) {
      expect(ours.encode(text).ids).toEqual(theirs.encode(text).ids);
    }
    expect(ours.encode('good bad').ids).toContain(81);
  });

  it('truncates the text and keeps the special tokens', () => {
    const tokenizer = tinyWordPiece();
    const whole = tokenizer.encode('the good film', { addSpecialTokens: false }).ids;
    for (const maxLength of [2, 3, 4, 5, 9]) {
      const { ids } = tokenizer.encode('the good film', { maxLength });
      expect(ids).toEqual([CLS, ...whole.slice(0, maxLength - 2), SEP]);
      const left = tokenizer.encode('the good film', { maxLength, truncationSide: 'left' }).ids;
      expect(left).toEqual([CLS, ...whole.slice(Math.max(0, 5 - maxLength)), SEP]);
    }
    const pair = { textPair: 'bad film', maxLength: 5, truncation: 'onlyFirst' } as const;
    expect(tokenizer.decode(tokenizer.encode('the', { ...pair, maxLength: 6 }).ids)).toBe(
      '[CLS] the [SEP] bad film [SEP]',
    );
    expect(() => tokenizer.encode('the', pair)).toThrow(/first text has 1 tokens but 1 must go/);
  });

  it('truncated is the beginning of whole, for any text and length', () => {
    const tokenizer = tinyWordPiece();
    fc.assert(
      fc.property(texts, fc.integer({ min: 2, max: 20 }), (text, maxLength) => {
        const whole = tokenizer.encode(text, { addSpecialTokens: false }).ids;
        const { ids } = tokenizer.encode(text, { maxLength });
        expect(ids).toEqual([CLS, ...whole.slice(0, maxLength - 2), SEP]);
      }),
    );
  });

  it('appends the second text of a pair where there is no template', async () => {
    const tokenizer = await trainByteLevelBPE(['a b'], { vocabSize: 257 });
    const { ids, tokenTypeIds } = tokenizer.encode('a', { textPair: 'b' });
    expect(tokenizer.decode(ids)).toBe('ab');
    expect(tokenTypeIds).toEqual([0, 1]);
  });

  it.each([
    [7, {}, 'INVALID_DATA', /The text is 7, not a string/],
    [undefined, {}, 'INVALID_DATA', /undefined/],
    ['a', { textPair: 1 }, 'INVALID_DATA', /textPair is 1/],
    ['a', { maxLength: 1 }, 'INVALID_ARGUMENT', /no room for the 2 special tokens; use at least 3/],
    ['a', { truncation: true }, 'INVALID_ARGUMENT', /need maxLength/],
    ['a', { maxLength: 9, truncation: false }, 'INVALID_ARGUMENT', /no effect/],
    ['a', { truncation: 'longest_first' }, 'INVALID_ARGUMENT', /longestFirst/],
    ['a', { max_length: 9 }, 'UNKNOWN_OPTION', /maxLength/],
  ])('refuses %j with %j', (text, options, code, message) => {
    const encode = () => tinyWordPiece().encode(text as string, options as never);
    expect(encode).toThrow(expect.objectContaining({ code }));
    expect(encode).toThrow(message);
  });
});

describe('Tokenizer.encodeBatch', () => {
  const batchTexts = ['the', 'the good film!', ''];
  const rowsOf = (data: Int32Array, length: number) =>
    Array.from({ length: data.length / length }, (_, i) => [
      ...data.slice(i * length, (i + 1) * length),
    ]);

  it('pads to the longest row, on either side', () => {
    const tokenizer = tinyWordPiece();
    const rows = batchTexts.map((text) => tokenizer.encode(text).ids);
    const right = tokenizer.encodeBatch(batchTexts);
    expect(right.shape).toEqual([3, 6]);
    expect(rowsOf(right.inputIds, 6)).toEqual(
      rows.map((row) => [...row, ...Array(6 - row.length).fill(PAD)]),
    );
    const left = tokenizer.encodeBatch(batchTexts, { paddingSide: 'left' });
    expect(rowsOf(left.attentionMask, 6)).toEqual(
      rows.map((row) => [...Array(6 - row.length).fill(0), ...Array(row.length).fill(1)]),
    );
  });

  it('holds the texts whatever the padding, for any batch', () => {
    const tokenizer = tinyWordPiece();
    const options = fc.record({
      padding: fc.constantFrom('longest' as const, 'maxLength' as const),
      paddingSide: fc.constantFrom('left' as const, 'right' as const),
      padToMultipleOf: fc.integer({ min: 1, max: 8 }),
      maxLength: fc.integer({ min: 2, max: 12 }),
    });
    fc.assert(
      fc.property(fc.array(texts, { maxLength: 5 }), options, (batch, chosen) => {
        const { inputIds, attentionMask, tokenTypeIds, shape } = tokenizer.encodeBatch(
          batch,
          chosen,
        );
        const [B, T] = shape;
        expect([B, inputIds.length, attentionMask.length, tokenTypeIds.length]).toEqual([
          batch.length,
          ...Array(3).fill(B * T),
        ]);
        expect(T % chosen.padToMultipleOf).toBe(0);
        if (chosen.padding === 'maxLength') expect(T).toBeGreaterThanOrEqual(chosen.maxLength);
        batch.forEach((text, row) => {
          const inRow = (data: Int32Array) => [...data.slice(row * T, (row + 1) * T)];
          const mask = inRow(attentionMask);
          const kept = inRow(inputIds).filter((_, i) => mask[i] === 1);
          expect(kept).toEqual(tokenizer.encode(text, { maxLength: chosen.maxLength }).ids);
          expect(inRow(inputIds).filter((id, i) => mask[i] === 0 && id !== PAD)).toEqual([]);
        });
      }),
    );
  });

  it('encodes pairs, lists without padding, and batches put together later', () => {
    const tokenizer = tinyWordPiece();
    const pairs = tokenizer.encodeBatch(['the', 'good'], { textPairs: ['film', ''] });
    expect([...pairs.tokenTypeIds]).toEqual([0, 0, 0, 1, 1, 0, 0, 0, 1, 0]);
    const list = tokenizer.encodeBatch(batchTexts, { padding: false });
    expect(list).toEqual(batchTexts.map((text) => tokenizer.encode(text)));
    expect(tokenizer.pad(list)).toEqual(tokenizer.encodeBatch(batchTexts));
    expect(tokenizer.encodeBatch([]).shape).toEqual([0, 0]);
  });

  it('names the position of a bad text', () => {
    const tokenizer = tinyWordPiece();
    const batch = ['a', null as unknown as string];
    expect(() => tokenizer.encodeBatch(batch)).toThrow(/position 1 is null, not a string/);
    expect(() => tokenizer.encodeBatch(['a'], { textPairs: [] })).toThrow(
      /1 texts but 0 textPairs/,
    );
    expect(() => tokenizer.encodeBatch('a' as unknown as string[])).toThrow(/use encode/);
  });

  it('says when a text is longer than the padding, or there is nothing to pad with', async () => {
    const tokenizer = tinyWordPiece();
    const options = { padding: 'maxLength', maxLength: 4, truncation: false } as const;
    expect(() => tokenizer.encodeBatch(['a', 'a b c'], options)).toThrow(
      /position 1 has 5 tokens, more than maxLength 4/,
    );
    const gpt = await trainByteLevelBPE(['a'], { vocabSize: 257 });
    expect(() => gpt.encodeBatch(['a', 'ab'])).toThrow(/no padding token/);
    expect(gpt.encodeBatch(['ab', 'cd']).shape).toEqual([2, 2]);
  });
});

describe('Tokenizer.encodeAll', () => {
  it('encodes any iterable, reports progress and stops at the signal', async () => {
    const tokenizer = tinyWordPiece();
    const many = Array.from({ length: 300 }, (_, i) => `film ${'a'.repeat(i % 7)}`);
    const steps: number[] = [];
    const encodings = await tokenizer.encodeAll(new Set(many), { maxLength: 4 });
    expect(encodings).toEqual([...new Set(many)].map((x) => tokenizer.encode(x, { maxLength: 4 })));
    await tokenizer.encodeAll(many, { onProgress: ({ step }) => steps.push(step) });
    expect(steps).toEqual([128, 256, 300]);
    const controller = new AbortController();
    const aborted = tokenizer.encodeAll(many, {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(tokenizer.encodeAll(['a', 5 as never])).rejects.toThrow(/position 1 is 5/);
  });
});

describe('Tokenizer.decode', () => {
  it('writes the text, with or without special tokens', () => {
    const tokenizer = tinyWordPiece();
    const { ids } = tokenizer.encode('The filming!');
    expect(tokenizer.decode(ids)).toBe('[CLS] the filming! [SEP]');
    expect(tokenizer.decode(Int32Array.from(ids), { skipSpecialTokens: true })).toBe(
      'the filming!',
    );
    expect(tokenizer.decode([])).toBe('');
  });

  it.each([[[0, 999]], [[0, -1]], [[0, 1.5]], [[0, Number.NaN]], [[0, 'a']]])(
    'refuses the ids %j',
    (ids) => {
      expect(() => tinyWordPiece().decode(ids as number[])).toThrow(
        /id at position 1 is .* 0 to 67\./,
      );
    },
  );
});

describe('Tokenizer.fromJSON', () => {
  it('knows special tokens by their usual spelling, or as the config names them', () => {
    const tokenizer = tinyWordPiece();
    expect(tokenizer).toMatchObject({ padTokenId: 0, unkTokenId: 1, clsTokenId: 2, sepTokenId: 3 });
    expect(tokenizer.bosTokenId).toBeUndefined();
    const config = { pad_token: { content: '[MASK]' }, cls_token: null, eos_token: '[SEP]' };
    const named = Tokenizer.fromJSON(tinyWordPieceJson(), config);
    expect([named.padTokenId, named.clsTokenId, named.eosTokenId]).toEqual([4, undefined, 3]);
  });

  const json = tinyWordPieceJson();
  const bpe = { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: ['a b'] };
  it.each([
    ['torn JSON', JSON.stringify(json).slice(0, -20), /not JSON/],
    ['no object', null, /the file must be an object/],
    ['another file', { model_type: 'bert', hidden_size: 2 }, /model must be an object/],
    ['an unknown model', { ...json, model: { type: 'Markov', vocab: {} } }, /model.type/],
    ['a bad id', { ...json, model: { ...bpe, vocab: { a: -1 } } }, /the id -1/],
    ['no merges', { ...json, model: { ...bpe, merges: undefined } }, /merges must be a list/],
    ['a bad merge', { ...json, model: { ...bpe, merges: ['a b', 'ab'] } }, /merges\[1\]/],
    ['no [UNK]', { ...json, model: { ...json.model, unk_token: '?!' } }, /unk_token/],
    ['a bad step', { ...json, decoder: { type: 'Magic' } }, /cannot be opened.*Magic/],
    ['a step without a type', { ...json, normalizer: {} }, /normalizer.type/],
    ['bad added tokens', { ...json, added_tokens: [{ id: 1 }] }, /added_tokens\[0\].content/],
    ['a template of unknown tokens', { ...json, model: bpe, added_tokens: [] }, /\[CLS\]/],
  ])('refuses %s', (_, content, message) => {
    const open = () => Tokenizer.fromJSON(content);
    expect(open).toThrow(expect.objectContaining({ code: 'INVALID_FILE' }));
    expect(open).toThrow(message);
  });
});
