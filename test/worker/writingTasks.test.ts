import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createWorker,
  type GenerationOptions,
  type Progress,
  type TaskWorker,
  TextGenerator,
  Translator,
} from '../../src/index.ts';
import { FIT_TRANSLATOR, TINY_TRANSLATOR, toyPairs } from '../tasks/toyPairs.ts';

const TEXT = 'the cat sat on the mat. the dog lay on the log. ünïcödé 😀 is fine. '.repeat(10);
const OPTIONS = {
  tokenizer: { type: 'byte-level-bpe', vocabSize: 280 },
  decoder: {
    hiddenSize: 16,
    numHiddenLayers: 1,
    numAttentionHeads: 2,
    maxPositionEmbeddings: 32,
    dropout: 0,
  },
} as const;
const TRAINING = { maxSteps: 30, batchSize: 4, learningRate: 5e-3, seed: 3 };
const LONG = { maxNewTokens: 100_000, eosTokenId: [] };

let worker: TaskWorker;
let local: TextGenerator;
let remote: TextGenerator;
beforeAll(async () => {
  worker = await createWorker({ engine: { threads: 1 } });
  local = await TextGenerator.create(OPTIONS);
  remote = await TextGenerator.create({ ...OPTIONS, worker });
});
afterAll(() => {
  local?.dispose();
  worker?.dispose();
});

async function collect(pieces: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

describe('a generator in a worker', () => {
  beforeAll(async () => {
    const { peakHeapBytes: _, ...wanted } = await local.train([TEXT], TRAINING);
    const { peakHeapBytes: __, ...found } = await remote.train([TEXT], TRAINING);
    expect(found).toEqual(wanted);
  });

  it.each<GenerationOptions>([
    {},
    { doSample: true, temperature: 0.8, topK: 40, seed: 5, maxNewTokens: 60 },
  ])('streams and writes what it does here: %o', async (options) => {
    const wanted = await collect(local.stream('the c', options));
    expect(wanted.length).toBeGreaterThan(10);
    expect(await collect(remote.stream('the c', options))).toEqual(wanted);
    expect(await remote.generate('the c', options)).toBe(wanted.join(''));
    const sequences = await local.generateSequences(['on', 'the dog'], options);
    expect(await remote.generateSequences(['on', 'the dog'], options)).toEqual(sequences);
  });

  it('saves there and loads here, and the other way', async () => {
    const files = new Map<string, Uint8Array>();
    await remote.save(files);
    using here = await TextGenerator.load(files);
    using there = await TextGenerator.load(files, { worker });
    expect(there).toBeInstanceOf(TextGenerator);
    const report = await local.evaluate([TEXT]);
    expect(await here.evaluate([TEXT])).toEqual(report);
    expect(await there.evaluate([TEXT])).toEqual(report);
  });

  it('writes no more, and frees what it wrote with, once the loop is left', async () => {
    const { usedHeapBytes } = await worker.info();
    const told: Progress[] = [];
    let [pieces, used] = [0, 0];
    const stream = remote.stream('the', {
      ...LONG,
      onProgress: (progress) => told.push(progress),
    });
    for await (const _ of stream) {
      if (++pieces === 1) used = (await worker.info()).usedHeapBytes;
      if (pieces === 5) break;
    }
    expect(used).toBeGreaterThan(usedHeapBytes);
    expect((await worker.info()).usedHeapBytes).toBe(usedHeapBytes);
    const before = told.length;
    await remote.generate('on', { maxNewTokens: 20 });
    expect(told).toHaveLength(before);
  });

  it('stops by a signal of this side, for its reason', async () => {
    const { usedHeapBytes } = await worker.info();
    const act = async (generator: TextGenerator) => {
      const controller = new AbortController();
      const reason = new Error('enough');
      const pieces: string[] = [];
      try {
        for await (const piece of generator.stream('the', { ...LONG, signal: controller.signal })) {
          pieces.push(piece);
          if (pieces.length === 4) controller.abort(reason);
        }
      } catch (error) {
        expect(error).toMatchObject({ name: 'AbortError', code: 'ABORTED' });
        expect((error as Error).cause).toBe(reason);
        return { pieces, message: (error as Error).message };
      }
      return expect.unreachable('it went on');
    };
    expect(await act(remote)).toEqual(await act(local));
    expect((await worker.info()).usedHeapBytes).toBe(usedHeapBytes);
    const running = remote.generate('the', { ...LONG, signal: AbortSignal.timeout(50) });
    await expect(running).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it.each([
    ['logitsProcessors', { logitsProcessors: [(scores: Float32Array) => void scores.fill(0)] }],
    ['stoppingCriteria', { stoppingCriteria: [() => true] }],
  ])('refuses %s, which it could not call', async (name, options) => {
    const refusal = {
      code: 'UNSUPPORTED',
      message: expect.stringMatching(new RegExp(`${name} .*leave it out.* without worker`)),
    };
    await expect(remote.generate('the', options as never)).rejects.toMatchObject(refusal);
    await expect(collect(remote.stream('the', options as never))).rejects.toMatchObject(refusal);
    const none = { [name]: [] };
    expect(await remote.generate('the', none)).toBe(await local.generate('the'));
  });

  it('fails with the errors that it has here', async () => {
    using fresh = await TextGenerator.create({ ...OPTIONS, worker });
    await expect(collect(fresh.stream('a'))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/needs a trained model/),
    });
    await expect(collect(remote.stream('a', { topP: 2 }))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    const failure = TextGenerator.create({ worker: 'yes' } as never);
    await expect(failure).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('a translator in a worker', () => {
  it('learns and translates as it does here, and refuses functions', async () => {
    using here = await Translator.create(TINY_TRANSLATOR);
    using there = await Translator.create({ ...TINY_TRANSLATOR, worker });
    const pairs = toyPairs(64);
    for (const each of [here, there]) await each.train(pairs, { ...FIT_TRANSLATOR, epochs: 3 });
    const texts = ['1 2 3', '', '4 0'];
    const wanted = await here.predict(texts);
    expect(wanted[0]).not.toBe('');
    expect(await there.predict(texts)).toEqual(wanted);
    const files = new Map<string, Uint8Array>();
    await there.save(files);
    using again = await Translator.load(files, { worker });
    expect(await again.predict('1 2 3')).toBe(wanted[0]);
    expect(await again.evaluate(pairs)).toEqual(await here.evaluate(pairs));
    const refused = there.predict('1', { stoppingCriteria: [() => true] });
    await expect(refused).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});
