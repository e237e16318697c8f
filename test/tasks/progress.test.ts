import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import type { OnProgress, Progress } from '../../src/core/progress.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { TextClassifier } from '../../src/tasks/textClassifier.ts';
import { TextGenerator } from '../../src/tasks/textGenerator.ts';
import { Translator } from '../../src/tasks/translator.ts';
import { FIT, TINY, textsOf, toyTexts } from './toyTexts.ts';

beforeAll(async () => void (await createEngine()));

/** Watches some work; each number that it tells of has to be one, and each message to be read. */
async function watch(work: (onProgress: OnProgress) => Promise<unknown>): Promise<Progress[]> {
  const seen: Progress[] = [];
  await work((progress) => void seen.push(progress));
  for (const progress of seen) {
    const { step, totalSteps, message } = progress;
    expect(Number.isFinite(step), message).toBe(true);
    expect(Number.isFinite(totalSteps), message).toBe(true);
    expect(step, message).toBeLessThanOrEqual(totalSteps!);
    expect(message).toMatch(/^[a-z]+ .*\d/);
    expect(message).not.toMatch(/undefined|NaN|Infinity|null/);
  }
  return seen;
}

/** The last step of each phase. */
const endsOf = (seen: readonly Progress[]) =>
  Object.fromEntries(seen.map(({ phase, step, totalSteps }) => [phase, totalSteps! - step]));

/** Long enough that reading the texts takes more than one turn. */
const LONG = toyTexts(40).map(({ text, label }) => ({ text: `${text} `.repeat(3000), label }));

const TINY_MODEL = {
  hiddenSize: 16,
  numHiddenLayers: 1,
  numAttentionHeads: 2,
  maxPositionEmbeddings: 16,
};

describe('progress carries its numbers, and says them', () => {
  it('of a classifier: train, predict, evaluate', async () => {
    using classifier = await TextClassifier.create(TINY);
    const options = { ...FIT, epochs: 1, validationSplit: 0.5 };
    const training = await watch((onProgress) =>
      classifier.train(LONG, { ...options, onProgress }),
    );
    expect(endsOf(training)).toEqual({
      read: expect.any(Number),
      tokenizer: 0,
      encode: 0,
      train: 0,
      // The n-gram model, as a yardstick.
      compare: 0,
    });
    const trained = training.findLast(({ phase }) => phase === 'train');
    expect(trained!.message).toMatch(/^training (\d+) of \1, loss [\d.]+, validation loss [\d.]+$/);
    const examples = toyTexts(20);
    const predicting = await watch((onProgress) =>
      classifier.predict(textsOf(examples), { batchSize: 8, onProgress }),
    );
    expect(predicting.map(({ message }) => message)).toContain('predicting batch 2 of 3');
    const evaluating = await watch((onProgress) => classifier.evaluate(examples, { onProgress }));
    expect(endsOf(evaluating)).toEqual({ encode: 0, evaluate: 0 });
  });

  it.each(['characters', 'byte-level-bpe'] as const)('of a generator of %s', async (type) => {
    const tokenizer = type === 'characters' ? { type } : { type, vocabSize: 300 };
    using generator = await TextGenerator.create({ decoder: TINY_MODEL, tokenizer });
    const texts = textsOf(LONG);
    const options = { maxSteps: 2, batchSize: 2, validationSplit: 0.01 };
    await watch((onProgress) => generator.train(texts, { ...options, onProgress }));
    await watch((onProgress) => generator.evaluate(['ice and snow'], { onProgress }));
    const writing = await watch((onProgress) =>
      generator.generate('ice', { maxNewTokens: 4, onProgress }),
    );
    expect(writing[0]!.message).toBe('writing token 1 of 4');
  });

  it('of a translator', async () => {
    const pairs = textsOf(toyTexts(40)).map((text) => ({ source: text, target: text }));
    using translator = await Translator.create({
      maxLength: 16,
      tokenizer: { type: 'characters' },
      model: { hiddenSize: 16, numAttentionHeads: 2, intermediateSize: 16 },
    });
    const options = { maxSteps: 2, validationSplit: 0.1 };
    await watch((onProgress) => translator.train(pairs, { ...options, onProgress }));
    await watch((onProgress) => translator.predict(['sun'], { maxNewTokens: 3, onProgress }));
    await watch((onProgress) => translator.evaluate(pairs.slice(0, 3), { onProgress }));
  });

  it('of loading, from memory and from a server', async () => {
    using classifier = await TextClassifier.create(TINY);
    await classifier.train(toyTexts(16), { ...FIT, epochs: 1 });
    const files = new Map<string, Uint8Array>();
    await classifier.save(files);
    const bytes = [...files.values()].reduce((sum, { length }) => sum + length, 0);
    const load = (from: string | Map<string, Uint8Array>) =>
      watch(async (onProgress) => (await TextClassifier.load(from, { onProgress })).dispose());
    expect((await load(files)).at(-1)).toMatchObject({ step: bytes, totalSteps: bytes });

    // In pieces, without a word on their sizes: the seal of the folder tells them.
    const server = createServer(({ url }, response) => {
      const file = files.get(url!.slice(1))!;
      response.write(file.subarray(0, 100));
      setTimeout(() => response.end(file.subarray(100)), 20);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const seen = await load(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.close();
    expect(seen[0]!.step).toBeLessThan(bytes);
    expect(seen[0]!.totalSteps).toBe(bytes);
    expect(seen.at(-1)!.message).toMatch(/^loading (\d+\.\d\d) of \1 MB$/);
  });
});
