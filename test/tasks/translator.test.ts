import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Progress } from '../../src/core/progress.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { MemoryStorage } from '../../src/storage/memoryStorage.ts';
import { Translator } from '../../src/tasks/translator.ts';
import { FIT_TRANSLATOR, TINY_TRANSLATOR, toyPairs } from './toyPairs.ts';
import { expectRefusal } from './toyTexts.ts';

let translator: Translator;
const saved = new Map<string, Uint8Array>();
const text = (name: string) => new TextDecoder().decode(saved.get(name));

beforeAll(async () => {
  translator = await Translator.create(TINY_TRANSLATOR);
  await translator.train(toyPairs(400), { ...FIT_TRANSLATOR, epochs: 16 });
  await translator.save(saved);
}, 60_000);
afterAll(() => translator.dispose());

describe('a translator', () => {
  it('learns to translate what it has not seen, one text or many, batched or not', async () => {
    const held = toyPairs(60, 9);
    const report = await translator.evaluate(held);
    expect(report.tokenAccuracy).toBeGreaterThan(0.95);
    expect(report.bleu).toBeGreaterThan(80);
    expect(report.chrf).toBeGreaterThan(90);
    expect(report.loss).toBeLessThan(0.3);
    const sources = held.map(({ source }) => source);
    const together = await translator.predict(sources);
    expect(await translator.predict(sources, { batchSize: 1 })).toEqual(together);
    expect(await translator.predict(sources, { batchSize: 7, numBeams: 4 })).toEqual(together);
    expect(await translator.predict('3', { numBeams: 1 })).toBe('three');
    expect(await translator.predict('3')).toBe('three');
    expect(await translator.predict([])).toEqual([]);
  });

  it('warns of a training that diverges', async () => {
    using other = await Translator.create(TINY_TRANSLATOR);
    const options = { ...FIT_TRANSLATOR, epochs: 4, learningRate: 3, maxGradNorm: 0 };
    const { warnings } = await other.train(toyPairs(200), options);
    expect(warnings.map(({ code }) => code)).toEqual(['DIVERGED']);
  });

  it('gives nothing for nothing, cuts what is too long, and stops after maxNewTokens', async () => {
    expect(await translator.predict(['', ' \n', '1'])).toEqual(['', '', 'one']);
    const long = '1 2 '.repeat(40);
    expect(await translator.predict(long)).toBe(await translator.predict(long.slice(0, 15)));
    const tokens = (await translator.predict('1 2 3 4', { maxNewTokens: 2 })).split(' ');
    expect(tokens.length).toBeLessThanOrEqual(2);
  });

  it('is the same when it is saved and loaded', async () => {
    const sources = toyPairs(20, 5).map(({ source }) => source);
    using again = await Translator.load(saved);
    expect(await again.predict(sources)).toEqual(await translator.predict(sources));
    const files = new Map<string, Uint8Array>();
    await again.save(files);
    expect([...files.keys()].sort()).toEqual([...saved.keys()].sort());
    for (const [name, bytes] of saved)
      expect(Buffer.compare(files.get(name)!, bytes), name).toBe(0);
    expect(JSON.parse(text('config.json'))).toMatchObject({
      ...{ model_type: 'transformer', is_encoder_decoder: true, d_model: 32 },
      ...{ share_encoder_decoder_embeddings: false, decoder_start_token_id: 2, eos_token_id: 3 },
    });
    expect(JSON.parse(text('generation_config.json'))).toMatchObject({ decoder_start_token_id: 2 });
    const [last] = JSON.parse(text('target_tokenizer.json')).post_processor.single.slice(-1);
    expect(last).toEqual({ SpecialToken: { id: '</s>', type_id: 0 } });
  });

  it('trains on, with validation, from any kind of pairs, and reports as it goes', async () => {
    using again = await Translator.load(saved);
    const seen: Progress[] = [];
    async function* arriving() {
      for (const { source, target } of toyPairs(48)) yield [source, target] as const;
    }
    const { logHistory, bestMetric } = await again.train(arriving(), {
      ...FIT_TRANSLATOR,
      ...{ epochs: 2, validationSplit: 0.25, evalStrategy: 'epoch', labelSmoothingFactor: 0.1 },
      onProgress: (progress) => void seen.push(progress),
    });
    const metrics = logHistory.filter((entry) => 'metrics' in entry);
    expect(metrics.map((entry) => Object.keys(entry.metrics!))).toEqual(
      Array(2).fill(['loss', 'tokenAccuracy']),
    );
    expect(bestMetric).toBeLessThan(0.5);
    expect(new Set(seen.map(({ phase }) => phase))).toEqual(new Set(['encode', 'train']));
  });

  it.each([
    ['byte-level BPE', { tokenizer: { type: 'byte-level-bpe', vocabSize: 280 } }],
    ['characters', { tokenizer: { type: 'characters' } }],
    ['wordpiece', { tokenizer: { type: 'wordpiece', vocabSize: 80 } }],
  ] as const)('shares a vocabulary of %s', async (_, tokenizer) => {
    const { sourceTokenizer, targetTokenizer, ...rest } = TINY_TRANSLATOR;
    using own = await Translator.create({ ...rest, maxLength: 32, ...tokenizer });
    await own.train(toyPairs(32), { ...FIT_TRANSLATOR, epochs: 1 });
    const files = new Map<string, Uint8Array>();
    await own.save(files);
    expect(files.has('target_tokenizer.json')).toBe(false);
    using again = await Translator.load(files);
    expect(await again.predict('1 2')).toBe(await own.predict('1 2'));
  });
});

describe.each(['bart', 'marian'] as const)('a translator of type %s', (type) => {
  it('has the config.json of its family, with the special tokens of its vocabulary', async () => {
    const { sourceTokenizer, targetTokenizer, model, ...rest } = TINY_TRANSLATOR;
    const tokenizer = { type: 'characters' } as const;
    using own = await Translator.create({
      ...rest,
      maxLength: 32,
      tokenizer,
      model: { ...model, type },
    });
    await own.train(toyPairs(32), { ...FIT_TRANSLATOR, epochs: 1, gradientCheckpointing: true });
    const files = new Map<string, Uint8Array>();
    await own.save(files);
    expect(JSON.parse(new TextDecoder().decode(files.get('config.json')))).toMatchObject({
      ...{ model_type: type, pad_token_id: 0, bos_token_id: 2, decoder_start_token_id: 2 },
      eos_token_id: 3,
    });
    using again = await Translator.load(files);
    expect(await again.predict(['1 2', '3'])).toEqual(await own.predict(['1 2', '3']));
  });
});

describe('interruptions', () => {
  it('resume to the same bits from a checkpoint', { timeout: 30_000 }, async () => {
    const options = { ...FIT_TRANSLATOR, epochs: 3, saveStrategy: 'steps', saveSteps: 2 } as const;
    const create = () =>
      Translator.create({ ...TINY_TRANSLATOR, model: { ...TINY_TRANSLATOR.model, dropout: 0.1 } });
    const weights = async (x: Translator) => {
      const files = new Map<string, Uint8Array>();
      await x.save(files);
      return files.get('model.safetensors')!;
    };
    using whole = await create();
    await whole.train(toyPairs(64), { ...options, outputDir: new MemoryStorage() });
    const outputDir = new MemoryStorage();
    const controller = new AbortController();
    using first = await create();
    const stopped = first.train(toyPairs(64), {
      ...{ ...options, outputDir, signal: controller.signal },
      onProgress: ({ phase, step }) => {
        if (phase === 'train' && step === 5) controller.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: 'ABORTED' });
    using second = await create();
    await second.train(toyPairs(64), { ...options, outputDir, resumeFromCheckpoint: true });
    expect(Buffer.compare(await weights(second), await weights(whole))).toBe(0);
    using other = await create();
    const resumed = () =>
      other.train([['x', 'y z'], ...toyPairs(63)] as never, {
        ...{ ...options, outputDir, resumeFromCheckpoint: true },
      });
    await expectRefusal(resumed, 'INVALID_ARGUMENT', /checkpoint/);
  });

  it('stop a translation by the signal, and by dispose', async () => {
    const sources = toyPairs(64).map(({ source }) => source);
    const aborted = translator.predict(sources, { signal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
    const other = await Translator.load(saved);
    const running = other.predict(sources, { batchSize: 4, onProgress: () => other.dispose() });
    await expect(running).rejects.toMatchObject({ code: 'DISPOSED' });
    await expectRefusal(() => other.predict('1'), 'DISPOSED', /create or load another/);
  });
});

describe('files', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'anyformer-test-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('of pairs are read by their ending, without the rows that cannot be used', async () => {
    const tsv = join(folder, 'pairs.tsv');
    await writeFile(tsv, 'source\ttarget\n1\tone\n2 3\tthree two\n');
    const { bleu } = await translator.evaluate(tsv);
    expect(bleu).toBeGreaterThanOrEqual(0);
    const jsonl = join(folder, 'pairs.jsonl');
    await writeFile(jsonl, '{"source":"1","target":"one"}\n{"source":"2"}\n');
    const { warnings } = await translator.evaluate(jsonl);
    expect(warnings).toEqual([
      {
        code: 'ROWS_LEFT_OUT',
        message: `${jsonl}: 1 row is left out, for it cannot be used. Row 2: target is missing. Correct or remove it.`,
      },
    ]);
    await writeFile(jsonl, '{"source":"1"}\n{"source":"2"}\n');
    await expectRefusal(
      () => translator.evaluate(jsonl, { targetColumn: 'target' }),
      'INVALID_DATA',
      /pairs\.jsonl: There is no column 'target' for the target; there are 'source'/,
    );
    await expectRefusal(
      () => translator.evaluate(join(folder, 'none.csv')),
      'STORAGE',
      /none\.csv/,
    );
    await expectRefusal(() => translator.evaluate(folder), 'STORAGE', /is a directory, not a file/);
  });
});

describe('bad input', () => {
  it.each([
    [{ layers: 2 }, 'UNKNOWN_OPTION', /layers/],
    [{ model: { vocabSize: 9 } }, 'UNKNOWN_OPTION', /model\.vocabSize follows from the tokenizers/],
    [{ model: { numAttentionHeads: 7 } }, 'INVALID_ARGUMENT', /7 does not divide hiddenSize 256/],
    [{ model: { maxPositionEmbeddings: 8 } }, 'INVALID_ARGUMENT', /maxLength 128 is above/],
    [{ tokenizer: { type: 'words' } }, 'INVALID_ARGUMENT', /'byte-level-bpe', .*received 'words'/],
    [{ sourceTokenizer: { type: 'characters' } }, 'INVALID_ARGUMENT', /come together/],
    [{ maxLength: 1 }, 'INVALID_ARGUMENT', /maxLength must be an integer of at least 2/],
  ] as const)('of create is refused: %o', async (options, code, pattern) => {
    await expectRefusal(() => Translator.create(options as never), code, pattern);
  });

  it.each([
    [[], /received no pairs/],
    [[{ source: 'a' }], /pair 0: target must be a string, is undefined/],
    [[['a', 'b'], ['c']], /pair 1 must have two texts, has 1/],
    [[['a', 'b'], { source: ' ', target: 'c' }], /pair 1: source is empty/],
    [[null], /pair 0 must be \{ source, target \}, is null/],
    [7, /an array or an AsyncIterable, or the path of a file, a File or a Blob, received 7/],
  ])('of train is refused: %o', async (pairs, pattern) => {
    using own = await Translator.create(TINY_TRANSLATOR);
    await expectRefusal(() => own.train(pairs as never), 'INVALID_DATA', pattern);
    await expectRefusal(() => own.predict('1'), 'INVALID_ARGUMENT', /call train first/);
  });

  it('of predict and train is refused', async () => {
    await expectRefusal(() => translator.predict(3 as never), 'INVALID_DATA', /received 3/);
    await expectRefusal(
      () => translator.predict(['1', 2] as never),
      'INVALID_DATA',
      /position 1 is 2/,
    );
    await expectRefusal(
      () => translator.predict('1', { numReturnSequences: 2 } as never),
      'UNKNOWN_OPTION',
      /is not for translations/,
    );
    await expectRefusal(
      () => translator.predict('1', { topP: 0.9 }),
      'INVALID_ARGUMENT',
      /add doSample: true/,
    );
    await expectRefusal(
      () => translator.predict('1', { beams: 2 } as never),
      'UNKNOWN_OPTION',
      /beams/,
    );
    await expectRefusal(
      () => translator.predict('1', { maxNewTokens: 99 }),
      'INVALID_ARGUMENT',
      /99 is more/,
    );
    await expectRefusal(
      () => translator.train(toyPairs(4), { classWeight: { a: 1 } } as never),
      'INVALID_ARGUMENT',
      /classWeight is for labels/,
    );
  });
});

it('memory is flat over many translations', async () => {
  const engine = await createEngine();
  const now = () => {
    const { tensors, tensorBytes, heapBytes, usedHeapBytes } = engine.info();
    return { tensors, tensorBytes, heapBytes, usedHeapBytes };
  };
  const sources = toyPairs(300, 3).map(({ source }) => source);
  let steady: object | undefined;
  for (let n = 0; n < 300; n++) {
    if (n % 10 === 0) await translator.predict(sources.slice(0, n % 48));
    else await translator.predict(sources[n]!);
    if (n === 100) steady = now();
    if (n > 100) expect(now()).toEqual(steady);
  }
});
