import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../src/kernels/createEngine.ts';
import type { GenerateOptions } from '../../src/tasks/textGenerator.ts';
import { TextGenerator } from '../../src/tasks/textGenerator.ts';

const TEXT = 'the cat sat on the mat. the dog lay on the log. ünïcödé 😀 is fine. '.repeat(30);

const decoder = {
  hiddenSize: 32,
  numHiddenLayers: 2,
  numAttentionHeads: 2,
  maxPositionEmbeddings: 32,
  dropout: 0,
};
const training = { maxSteps: 150, batchSize: 8, learningRate: 5e-3, seed: 3 };

async function trained(type: 'characters' | 'byte-level-bpe' = 'characters') {
  const tokenizer = type === 'characters' ? { type } : { type, vocabSize: 280 };
  const generator = await TextGenerator.create({ decoder, tokenizer });
  await generator.train([TEXT], training);
  return generator;
}

async function collect(pieces: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

describe('TextGenerator', () => {
  let generator: TextGenerator;
  beforeAll(async () => {
    await createEngine();
    generator = await trained();
    return () => generator.dispose();
  });

  it('learns: the loss falls, and the text is foreseen', async () => {
    const { loss, perplexity, tokens } = await generator.evaluate([TEXT]);
    expect(loss).toBeLessThan(1.5);
    expect(perplexity).toBeCloseTo(Math.exp(loss), 6);
    expect(tokens).toBe([...TEXT].length);
  });

  it.each<GenerateOptions>([
    {},
    { doSample: true, seed: 5 },
    { doSample: true, temperature: 0.7, topK: 8, topP: 0.9, minP: 0.01, typicalP: 0.95, seed: 1 },
    { repetitionPenalty: 1.3, noRepeatNgramSize: 3 },
    // Beyond the context of 32.
    { maxNewTokens: 80 },
  ])('streams what it generates, alone and among others: %o', async (options) => {
    const prompts = ['the c', 'the dog lay', 'on'];
    const alone: string[] = [];
    for (const prompt of prompts) {
      const text = await generator.generate(prompt, options);
      expect((await collect(generator.stream(prompt, options))).join('')).toBe(text);
      alone.push(text as string);
    }
    expect(await generator.generate(prompts, options)).toEqual(alone);
  });

  it('one beam is greedy, and more find a likelier text', async () => {
    const options = { maxNewTokens: 12 };
    const greedy = await generator.generateSequences(['the dog'], options);
    const one = await generator.generateSequences(['the dog'], { ...options, numBeams: 1 });
    expect(one).toEqual(greedy);
    const [beams] = await generator.generateSequences(['the dog'], {
      ...options,
      numBeams: 4,
      numReturnSequences: 4,
    });
    expect(new Set(beams!.map(({ text }) => text)).size).toBe(4);
    const scores = beams!.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(scores[0]! * 12).toBeGreaterThanOrEqual(greedy[0]![0]!.score - 1e-4);
  });

  it('draws several different texts, the same for a seed', async () => {
    const options = { doSample: true, numReturnSequences: 3, temperature: 1.5, seed: 9 };
    const texts = await generator.generate('the', options);
    expect(new Set(texts).size).toBe(3);
    expect(await generator.generate('the', options)).toEqual(texts);
    expect(await generator.generate('the', { ...options, seed: 10 })).not.toEqual(texts);
  });

  it('draws beams, the same for a seed', async () => {
    const options = { numBeams: 3, doSample: true, temperature: 3, maxNewTokens: 20, seed: 9 };
    const text = await generator.generate('the', options);
    expect(await generator.generate('the', options)).toBe(text);
    expect(await generator.generate('the', { ...options, seed: 10 })).not.toBe(text);
    expect(await generator.generate('the', { numBeams: 3, maxNewTokens: 20 })).not.toBe(text);
  });

  it('stops at strings, ends and criteria', async () => {
    const found = await generator.generateSequences(['the cat'], { stopStrings: 'mat' });
    const stopped = found[0]![0]!;
    expect(stopped.text.endsWith('mat')).toBe(true);
    expect(stopped.finishReason).toBe('stop');
    const never = await generator.generateSequences(['the'], {
      stopStrings: ['never'],
      maxNewTokens: 9,
    });
    expect(never[0]![0]).toMatchObject({ finishReason: 'length' });
    const ended = await generator.generateSequences(['the'], {
      stoppingCriteria: [(ids, { promptLength }) => ids.length - promptLength === 4],
    });
    expect(ended[0]![0]!.tokenIds).toHaveLength(4);
    const beams = await generator.generateSequences(['the cat'], {
      stopStrings: 'mat',
      numBeams: 3,
      maxNewTokens: 30,
    });
    expect(beams[0]![0]!.text).toContain('mat');
  });

  it('gives its own processors the scores', async () => {
    const ids = await generator.generateSequences(['the'], {
      maxNewTokens: 5,
      logitsProcessors: [(_, scores) => scores.map((__, id) => (id === 7 ? 0 : -Infinity))],
    });
    expect(ids[0]![0]!.tokenIds).toEqual([7, 7, 7, 7, 7]);
  });

  it('begins a text for an empty prompt', async () => {
    expect(await generator.generate('', { maxNewTokens: 5 })).not.toBe('');
    expect(await generator.generate([], {})).toEqual([]);
  });

  it('stops after an abort, and when the loop is left; nothing stays allocated', async () => {
    const before = tf.memory().numTensors;
    for await (const piece of generator.stream('the', { maxNewTokens: 50 })) {
      if (piece) break;
    }
    const controller = new AbortController();
    const running = (async () => {
      for await (const _ of generator.stream('the', {
        maxNewTokens: 5000,
        signal: controller.signal,
      })) {
        controller.abort();
      }
    })();
    await expect(running).rejects.toMatchObject({
      ...{ name: 'AbortError', code: 'ABORTED' },
      message: 'Generation was aborted by its AbortSignal.',
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is the same again after save and load', async () => {
    const files = new Map<string, Uint8Array>();
    await generator.save(files);
    expect([...files.keys()]).toEqual(expect.arrayContaining(['generation_config.json']));
    using again = await TextGenerator.load(files);
    const options = { doSample: true, seed: 4, maxNewTokens: 40 };
    expect(await again.generate('the', options)).toBe(await generator.generate('the', options));
  });
});

describe('TextGenerator of byte-level tokens', () => {
  it('never breaks a character', async () => {
    using generator = await trained('byte-level-bpe');
    const options = { doSample: true, temperature: 2, topK: 0, seed: 1, maxNewTokens: 200 };
    const pieces = await collect(generator.stream('ü', options));
    expect(pieces.join('')).toBe(await generator.generate('ü', options));
    for (const piece of pieces) expect(piece).not.toMatch(/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/);
  });

  it('goes on from a checkpoint to the bit', async () => {
    const files = (folder: Map<string, Uint8Array>) =>
      [...folder.entries()].filter(([name]) => name === 'model.safetensors');
    const whole = new Map<string, Uint8Array>();
    const resumed = new Map<string, Uint8Array>();
    const checkpoint = new Map<string, Uint8Array>();
    const create = () => TextGenerator.create({ decoder, tokenizer: { type: 'characters' } });
    using straight = await create();
    await straight.train([TEXT], { ...training, maxSteps: 12 });
    await straight.save(whole);
    const controller = new AbortController();
    using stopped = await create();
    const stop = stopped.train([TEXT], {
      ...training,
      maxSteps: 12,
      outputDir: checkpoint,
      saveSteps: 5,
      signal: controller.signal,
      onProgress: ({ phase, step }) => {
        if (phase === 'train' && step === 7) controller.abort();
      },
    });
    await expect(stop).rejects.toMatchObject({ code: 'ABORTED' });
    using again = await create();
    await again.train([TEXT], {
      ...training,
      maxSteps: 12,
      outputDir: checkpoint,
      saveSteps: 5,
      resumeFromCheckpoint: true,
    });
    await again.save(resumed);
    expect(files(resumed)).toEqual(files(whole));
  });
});
