import { beforeAll, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/core/errors.ts';
import type { StoppingCriterion } from '../../../src/tasks/generation/generationOptions.ts';
import type { LogitsProcessor } from '../../../src/tasks/generation/logitsProcessor.ts';
import { type GenerateOptions, TextGenerator } from '../../../src/tasks/textGenerator.ts';
import type { TextGeneratorOptions } from '../../../src/tasks/textGeneratorOptions.ts';
import { Translator } from '../../../src/tasks/translator.ts';
import { TINY_TRANSLATOR, toyPairs } from '../toyPairs.ts';
import { expectRefusal } from '../toyTexts.ts';

const decoder = {
  ...{ hiddenSize: 16, numHiddenLayers: 1, numAttentionHeads: 2, dropout: 0 },
  maxPositionEmbeddings: 32,
};

/** Of 10 tokens: <unk>, the end and eight letters. */
async function tiny(tokenizer: TextGeneratorOptions['tokenizer'] = { type: 'characters' }) {
  const generator = await TextGenerator.create({ decoder, tokenizer });
  await generator.train(['the cats. '.repeat(20)], { maxSteps: 1, batchSize: 4 });
  return generator;
}

const processor = (own: (scores: Float32Array) => unknown): GenerateOptions => ({
  logitsProcessors: [
    (() => undefined) as LogitsProcessor,
    ((_, scores) => own(scores)) as LogitsProcessor,
  ],
});
const criterion = (given: unknown): GenerateOptions => ({
  stoppingCriteria: [(() => given) as StoppingCriterion],
});

type Row = [GenerateOptions, RegExp, ErrorCode?];

const bytesOf = (json: object) => new TextEncoder().encode(JSON.stringify(json));
const jsonOf = (files: Map<string, Uint8Array>, name: string) =>
  JSON.parse(new TextDecoder().decode(files.get(name)!));

/** A folder as others write it, in which nothing tells that a file was changed. */
function unseal(files: Map<string, Uint8Array>): void {
  const { anyformer: _, ...config } = jsonOf(files, 'config.json');
  files.set('config.json', bytesOf(config));
}

describe('a TextGenerator refuses', () => {
  let generator: TextGenerator;
  let files: Map<string, Uint8Array>;
  beforeAll(async () => {
    generator = await tiny();
    files = new Map();
    await generator.save(files);
    unseal(files);
    return () => generator.dispose();
  });

  it.each<Row>([
    [{ topP: 2, doSample: true }, /topP must be a number above 0 and at most 1, received 2\.$/],
    [{ temperature: 0, doSample: true }, /temperature must be a finite number above 0, received 0/],
    [{ temperature: 0.5 }, /temperature 0.5 says how to draw.*add doSample: true, or leave it out/],
    [{ topP: 0.9, numBeams: 2 }, /topP 0.9 says how to draw, and nothing is drawn/],
    [{ numReturnSequences: 2 }, /numReturnSequences 2 would be the same text so many times; add/],
    [{ numBeams: 2, numReturnSequences: 3 }, /numReturnSequences 3 is more than the numBeams 2/],
    [{ lengthPenalty: 2 }, /lengthPenalty 2 compares beams and there is one; set numBeams above 1/],
    [{ minNewTokens: 200 }, /minNewTokens 200 is above maxNewTokens 100/],
    [{ beams: 2 } as GenerateOptions, /unknown option 'beams'; known are /, 'UNKNOWN_OPTION'],
    [{ stopStrings: '' }, /stopStrings must be a string or a list .* none .* empty, received ''/],
    [{ stopStrings: ['a', ''] }, /stopStrings must be .* none .* empty, received \['a', ''\]/],
    [{ badWordsIds: [[3], []] }, /badWordsIds must be lists .* none .* empty, received \[\[3\], /],
    [{ badWordsIds: [[1.5]] }, /badWordsIds must be lists of token ids, .* received \[\[1.5\]\]/],
    [{ badWordsIds: [[3], [4, 10]] }, /badWordsIds has the token 10; .* go from 0 to 9\.$/],
    [{ eosTokenId: 10 }, /generate: eosTokenId has the token 10; tokens .* go from 0 to 9/],
    [{ eosTokenId: [2, 11] }, /eosTokenId has the token 11; tokens of this model go from 0 to 9/],
    [{ eosTokenId: -1 }, /generate: eosTokenId must be a non-negative integer, received -1/],
    [{ forcedBosTokenId: 10 }, /forcedBosTokenId has the token 10; .* from 0 to 9/],
    [{ forcedEosTokenId: 10 }, /forcedEosTokenId has the token 10; .* from 0 to 9/],
  ])('%o', async (options, message, code = 'INVALID_ARGUMENT') => {
    await expectRefusal(() => generator.generate('the', options), code, message);
  });

  it.each<Row>([
    [processor((x) => x.slice(1)), /logitsProcessors\[1\] gave a Float32Array of 9; .* of 10/],
    [
      processor((x) => [...x]),
      /logitsProcessors\[1\] gave \[.* 10 in all\]; .* Float32Array of 10/,
    ],
    [processor(async (x) => x), /gave an object of class Promise; .* change the scores in place/],
    [processor((x) => x.fill(NaN, 4)), /logitsProcessors\[1\] gave the score NaN to token 4/],
    [processor((x) => x.fill(Infinity, 2)), /\[1\] gave the score Infinity to token 2/],
    [processor((x) => x.fill(-Infinity)), /The options rule out every token .*loosen one of them/],
    [
      criterion(Promise.resolve(false)),
      /stoppingCriteria gave an object of class Promise; .* at once/,
    ],
    [criterion(undefined), /stoppingCriteria gave undefined; it has to give true or false/],
  ])('what functions of the user give: %o', async (options, message) => {
    const ways = [{}, { doSample: true }, { numBeams: 2 }];
    for (const way of ways) {
      // No token is the end: a text that ends at once asks no criterion.
      const run = () => generator.generate('the', { ...options, ...way, eosTokenId: [] });
      await expectRefusal(run, 'INVALID_ARGUMENT', message);
    }
  });

  it('prompts that are none, or do not fit the context', async () => {
    const long = 'x'.repeat(40);
    const tooLong = /prompt 1 has 40 tokens and the model's context 32; shorten it/;
    await expectRefusal(() => generator.generate(['a', long]), 'INVALID_ARGUMENT', tooLong);
    const notText = /takes a prompt or a list of prompts, received 7/;
    await expectRefusal(() => generator.generate(7 as never), 'INVALID_DATA', notText);
    const second = /generate: prompt 1 is null, not a string/;
    await expectRefusal(() => generator.generate(['a', null] as never), 'INVALID_DATA', second);
    const streamed = /stream: the prompt has 40 tokens and the model's context 32/;
    await expectRefusal(() => generator.stream(long).next(), 'INVALID_ARGUMENT', streamed);
    const beams = /stream gives one text while it comes; with numBeams 2 .* use generate/;
    const run = () => generator.stream('a', { numBeams: 2 }).next();
    await expectRefusal(run, 'INVALID_ARGUMENT', beams);
  });

  it('an empty prompt where no token begins a text', async () => {
    using other = await tiny({ type: 'characters', specialTokens: ['<unk>'] });
    const message =
      /prompt 0 is empty, and the tokenizer has no token that a text begins with; give/;
    await expectRefusal(() => other.generate(''), 'INVALID_ARGUMENT', message);
  });

  /** The saved generator with other values in one of its files. */
  function filesWith(name: string, values: object): Map<string, Uint8Array> {
    return new Map(files).set(name, bytesOf({ ...jsonOf(files, name), ...values }));
  }

  it.each<[string, object, RegExp]>([
    [
      'config.json',
      { vocab_size: 9 },
      /has 10 tokens, the model's vocabulary 9: they do not belong/,
    ],
  ])('to load a %s with %o', async (name, values, message) => {
    const run = () => TextGenerator.load(filesWith(name, values));
    await expectRefusal(run, 'INVALID_FILE', message);
  });

  it.each<[object, RegExp]>([
    [
      { forced_eos_token_id: 10 },
      /the model's generation_config.json: forcedEosTokenId has the token 10/,
    ],
    [{ top_p: 2 }, /the model's generation_config.json: topP must be .*, received 2/],
  ])(
    'what a generation_config.json asks for, until the caller says better: %o',
    async (values, message) => {
      using other = await TextGenerator.load(filesWith('generation_config.json', values));
      await expectRefusal(() => other.generate('the'), 'INVALID_ARGUMENT', message);
      const better = { forcedEosTokenId: 1, doSample: true, topP: 1 };
      await other.generate('the', { ...better, maxNewTokens: 2 });
    },
  );

  it('not: tokens of the original GPT-2, which transformers leaves in the files of smaller ones', async () => {
    const ids = { bos_token_id: 50256, eos_token_id: 50256 };
    const both = filesWith('config.json', ids).set('generation_config.json', bytesOf(ids));
    using other = await TextGenerator.load(both);
    using plain = await TextGenerator.load(filesWith('config.json', {}));
    const options = { maxNewTokens: 8 };
    expect(await other.generate('the', options)).toBe(await plain.generate('the', options));
  });
});

describe('a Translator refuses', () => {
  it('to load tokens that its model does not have', async () => {
    using translator = await Translator.create(TINY_TRANSLATOR);
    await translator.train(toyPairs(20), { maxSteps: 1 });
    const files = new Map<string, Uint8Array>();
    await translator.save(files);
    unseal(files);
    for (const name of ['decoder_start_token_id', 'eos_token_id']) {
      const config = { ...jsonOf(files, 'config.json'), [name]: 9999 };
      const run = () => Translator.load(new Map(files).set('config.json', bytesOf(config)));
      const message = /TokenId 9999 is not below the target's vocabulary size/;
      await expectRefusal(run, 'INVALID_FILE', message);
    }
    const run = () => translator.predict('1', { decoderStartTokenId: 3 } as never);
    await expectRefusal(run, 'UNKNOWN_OPTION', /unknown option 'decoderStartTokenId'/);
  });
});
