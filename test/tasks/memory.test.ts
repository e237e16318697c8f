import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { TextClassifier } from '../../src/tasks/textClassifier.ts';
import { type GenerateOptions, TextGenerator } from '../../src/tasks/textGenerator.ts';
import { FIT, TINY, textsOf, toyTexts } from './toyTexts.ts';

beforeAll(async () => void (await createEngine()));

/** Asserts that tensors, their bytes, the heap and what is in use of it stay as they were after `warmUp` steps. */
async function flatAfter(warmUp: number) {
  const engine = await createEngine();
  let steady: object | undefined;
  return (step: number) => {
    const { tensors, tensorBytes, heapBytes, usedHeapBytes } = engine.info();
    const now = { tensors, tensorBytes, heapBytes, usedHeapBytes };
    if (step === warmUp) steady = now;
    if (step > warmUp) expect(now).toEqual(steady);
  };
}

describe('memory is flat', () => {
  it('over 1,000 steps of training and over 1,000 predictions', { timeout: 60_000 }, async () => {
    const { tensors, tensorBytes } = (await createEngine()).info();
    const classifier = await TextClassifier.create(TINY);
    const examples = toyTexts(200);
    const checkTraining = await flatAfter(50);
    let steps = 0;
    const { globalStep } = await classifier.train(examples, {
      maxSteps: 1000,
      batchSize: 8,
      evalSteps: 100,
      validationData: toyTexts(20, undefined, 2),
      onProgress: ({ phase, step }) => {
        if (phase !== 'train') return;
        checkTraining(step);
        steps = step;
      },
    });
    expect([globalStep, steps]).toEqual([1000, 1000]);

    const texts = textsOf(examples);
    const checkPredictions = await flatAfter(50);
    for (let n = 1; n <= 1000; n++) {
      if (n % 10 === 0) await classifier.predict(texts.slice(0, n % 64));
      else await classifier.predict(texts[n % texts.length]!);
      checkPredictions(n);
    }
    classifier.dispose();
    expect((await createEngine()).info()).toMatchObject({ tensors, tensorBytes });
  });

  it('over making, saving, loading and disposing', async () => {
    const files = new Map<string, Uint8Array>();
    const first = await TextClassifier.create(TINY);
    await first.train(toyTexts(32), { ...FIT, epochs: 1 });
    const check = await flatAfter(5);
    for (let n = 1; n <= 40; n++) {
      await first.save(files);
      using again = await TextClassifier.load(files);
      await again.predict('sun');
      check(n);
    }
    first.dispose();
  });
});

describe('memory is flat over 10,000 generated tokens', () => {
  const TOKENS = 2500;
  let generator: TextGenerator;
  beforeAll(async () => {
    const decoder = {
      ...{ hiddenSize: 16, numHiddenLayers: 2, numAttentionHeads: 2, dropout: 0 },
      maxPositionEmbeddings: 64,
    };
    generator = await TextGenerator.create({ decoder, tokenizer: { type: 'characters' } });
    await generator.train(['the cat sat on the mat. '.repeat(20)], { maxSteps: 1, batchSize: 4 });
    return () => generator.dispose();
  });

  const everything = { temperature: 1.2, topK: 12, topP: 0.95, minP: 0.01, typicalP: 0.97 };
  const ways: [string, string[], number, GenerateOptions][] = [
    ['drawn', ['the c'], 1, { doSample: true, ...everything, repetitionPenalty: 1.2, seed: 1 }],
    ['of beams', ['the c'], 5, { numBeams: 5, numReturnSequences: 5 }],
    [
      'batched, some forgetting what others still hold',
      ['the c', 'on', '', 'mat. t', 'sat'],
      5,
      {},
    ],
  ];
  it.each(ways)('%s', async (_, prompts, rows, options) => {
    const before = (await createEngine()).info();
    const check = await flatAfter(5);
    const steps: number[] = [];
    const maxNewTokens = TOKENS / rows;
    const found = await generator.generateSequences(prompts, {
      ...options,
      ...{ maxNewTokens, minNewTokens: maxNewTokens, eosTokenId: 1 },
      onProgress: ({ step }) => {
        steps.push(step);
        check(step);
      },
    });
    const lengths = found.flat().map(({ tokenIds }) => tokenIds.length);
    expect(lengths).toEqual(Array(rows).fill(maxNewTokens));
    expect(steps).toEqual(Array.from({ length: maxNewTokens - 1 }, (_, i) => i + 1));
    const { tensors, tensorBytes, usedHeapBytes } = before;
    expect((await createEngine()).info()).toMatchObject({ tensors, tensorBytes, usedHeapBytes });
  });

  it('streamed', async () => {
    const check = await flatAfter(5);
    const steps: number[] = [];
    let text = '';
    const pieces = generator.stream('the c', {
      ...{ doSample: true, seed: 2, maxNewTokens: TOKENS, minNewTokens: TOKENS, eosTokenId: 1 },
      onProgress: ({ step }) => steps.push(step),
    });
    for await (const piece of pieces) {
      text += piece;
      check(steps.length);
    }
    expect(steps).toHaveLength(TOKENS - 1);
    expect(text.length).toBeGreaterThan(TOKENS / 2);
  });
});
