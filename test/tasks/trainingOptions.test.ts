import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { MemoryStorage } from '../../src/storage/memoryStorage.ts';
import type { ClassifierTrainingOptions } from '../../src/tasks/classifierOptions.ts';
import { TextClassifier } from '../../src/tasks/textClassifier.ts';
import { aliveNow, FIT, TINY, textsOf, toyMultiLabelTexts, toyTexts } from './toyTexts.ts';

let before: { tensors: number; bytes: number };
beforeAll(async () => void (await createEngine()));
beforeEach(async () => {
  before = await aliveNow();
});
afterEach(async () => expect(await aliveNow()).toEqual(before));

/** The saved files after a training, whose bytes tell whether two trainings were the same. */
async function trainedFiles(options: ClassifierTrainingOptions, examples = toyTexts(64)) {
  const encoder = { ...TINY.encoder, dropout: 0 };
  using classifier = await TextClassifier.create({ ...TINY, encoder });
  const result = await classifier.train(examples, { ...FIT, epochs: 2, ...options });
  const files = new Map<string, Uint8Array>();
  await classifier.save(files);
  const weights = new Float32Array(files.get('model.safetensors')!.slice(-4 * 64).buffer);
  return { result, weights, bytes: files.get('model.safetensors')! };
}

describe('the options of TextClassifier.train have an effect', () => {
  it('is the same again with the same options, and another with another seed', async () => {
    const first = await trainedFiles({ seed: 1 });
    expect((await trainedFiles({ seed: 1 })).bytes).toEqual(first.bytes);
    expect((await trainedFiles({ seed: 2 })).bytes).not.toEqual(first.bytes);
  });

  it.each<[string, ClassifierTrainingOptions]>([
    ['classWeight', { classWeight: { warm: 5 } }],
    ['labelSmoothingFactor', { labelSmoothingFactor: 0.2 }],
    ['weightDecay', { weightDecay: 0.5 }],
    ['warmupRatio', { warmupRatio: 0.5, lrSchedulerType: 'linear' }],
    ['maxGradNorm', { maxGradNorm: 0.01, optimizer: 'sgd' }],
    ['shuffle', { shuffle: false }],
    ['gradientAccumulationSteps', { gradientAccumulationSteps: 2 }],
  ])('%s', async (name, options) => {
    const plain = await trainedFiles(name === 'maxGradNorm' ? { optimizer: 'sgd' } : {});
    expect((await trainedFiles(options)).bytes).not.toEqual(plain.bytes);
  });

  it('class weights move the decision, those of 1 change nothing', async () => {
    // The same texts with both labels: only the weights can tell which one wins.
    const examples = toyTexts(64).map(({ text }, n) => ({ text, label: n % 4 < 2 ? 'no' : 'yes' }));
    for (const [heavy, light] of [
      ['no', 'yes'],
      ['yes', 'no'],
    ] as const) {
      using classifier = await TextClassifier.create(TINY);
      await classifier.train(examples, { ...FIT, classWeight: { [heavy]: 20 } });
      const { perLabel } = await classifier.evaluate(examples);
      expect(perLabel![heavy]!.recall).toBeGreaterThan(0.95);
      expect(perLabel![light]!.recall).toBeLessThan(0.6);
    }
    const ones = await trainedFiles({ classWeight: { cold: 1, warm: 1 } });
    const plain = await trainedFiles({});
    for (const [i, weight] of plain.weights.entries()) {
      expect(ones.weights[i]).toBeCloseTo(weight, 4);
    }
  });

  it('label smoothing keeps scores from the ends, with several labels, too', async () => {
    for (const multiLabel of [false, true]) {
      const examples = multiLabel ? toyMultiLabelTexts(160) : toyTexts(160);
      using classifier = await TextClassifier.create({ ...TINY, multiLabel });
      await classifier.train(examples, { ...FIT, epochs: 12, labelSmoothingFactor: 0.4 });
      const found = await classifier.predict(textsOf(examples));
      const right = examples.flatMap(({ label }, n) =>
        found[n]!.filter((entry) => label.includes(entry.label)).map(({ score }) => score),
      );
      const mean = right.reduce((sum, score) => sum + score, 0) / right.length;
      // The target of a right label is 1 - 0.4 / 2.
      expect(mean).toBeGreaterThan(0.75);
      expect(mean).toBeLessThan(0.85);
    }
  });

  it('accumulated batches are the one large batch', async () => {
    const order = { shuffle: false, epochs: 1 };
    // Neighbours in length: what is padded does not count, so that the sums are the same.
    const large = await trainedFiles({ ...order, batchSize: 16 });
    const small = await trainedFiles({ ...order, batchSize: 4, gradientAccumulationSteps: 4 });
    expect(small.result.globalStep).toBe(large.result.globalStep);
    expect(small.result.trainLoss).toBeCloseTo(large.result.trainLoss, 5);
  });

  it('gradientCheckpointing makes the same weights, bit for bit, in less memory', async () => {
    const examples = toyTexts(64);
    const trainDeep = async (options: ClassifierTrainingOptions) => {
      const encoder = { ...TINY.encoder, hiddenSize: 32, numHiddenLayers: 4, dropout: 0.2 };
      using classifier = await TextClassifier.create({ ...TINY, encoder });
      const run = { ...FIT, epochs: 3, gradientAccumulationSteps: 2, ...options };
      const { peakHeapBytes } = await classifier.train(examples, run);
      const files = new Map<string, Uint8Array>();
      await classifier.save(files);
      return { peak: peakHeapBytes!, bytes: files.get('model.safetensors')! };
    };
    const inUse = () => createEngine().then((engine) => engine.info().usedHeapBytes);
    await trainDeep({});
    const base = await inUse();
    const plain = await trainDeep({});
    const checkpointed = await trainDeep({ gradientCheckpointing: true });
    expect(await inUse()).toBe(base);
    expect(checkpointed.bytes).toEqual(plain.bytes);
    expect(checkpointed.peak - base).toBeLessThan(0.65 * (plain.peak - base));
    expect((await trainDeep({ gradientCheckpointing: true, seed: 7 })).bytes).not.toEqual(
      plain.bytes,
    );
  });

  it('validationSplit holds examples out, each label by its share', async () => {
    using classifier = await TextClassifier.create(TINY);
    const { logHistory } = await classifier.train(toyTexts(100), {
      ...FIT,
      epochs: 2,
      validationSplit: 0.2,
    });
    const evaluations = logHistory.filter((entry) => entry.metrics);
    expect(evaluations.map(({ metrics }) => metrics!.examples)).toEqual([20, 20]);
    // 80 are left to learn from: 5 steps of 16 in each epoch.
    expect(evaluations.map(({ step }) => step)).toEqual([5, 10]);
  });

  it('stops early and goes back to the best weights', async () => {
    const validationData = toyTexts(40, undefined, 2);
    using classifier = await TextClassifier.create(TINY);
    const result = await classifier.train(toyTexts(48), {
      ...FIT,
      epochs: 60,
      learningRate: 3e-2,
      validationData,
      earlyStoppingPatience: 2,
    });
    expect(result.stoppedEarly).toBe(true);
    expect(result.epoch).toBeLessThan(60);
    const losses = result.logHistory.flatMap(({ metrics }) => metrics?.loss ?? []);
    expect(result.bestMetric).toBe(Math.min(...losses));
    expect(losses.at(-1)).toBeGreaterThan(result.bestMetric!);
    // Logits are calibrated once the best weights are back: the temperature is the one number that
    // stands between both losses.
    const folder = new MemoryStorage();
    await classifier.save(folder);
    const { classifier: own } = JSON.parse(
      new TextDecoder().decode(await folder.read('config.json')),
    ).anyformer;
    const scores = await classifier.predict(textsOf(validationData));
    const uncalibrated = scores.map((row, n) => {
      const logits = row.map(({ score }) => Math.log(score) / own.mixture.encoder);
      const right = row.findIndex(({ label }) => label === validationData[n]!.label);
      return Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0)) - logits[right]!;
    });
    const loss = uncalibrated.reduce((sum, value) => sum + value, 0) / uncalibrated.length;
    expect(loss).toBeCloseTo(result.bestMetric!, 6);
  });

  it('reports the phases in their order, and the speed', async () => {
    const phases: string[] = [];
    let last: Record<string, unknown> = {};
    using classifier = await TextClassifier.create(TINY);
    await classifier.train(toyTexts(160), {
      ...FIT,
      epochs: 1,
      validationSplit: 0.1,
      onProgress: (progress) => {
        if (phases.at(-1) !== progress.phase) phases.push(progress.phase);
        if (progress.phase === 'train') last = { ...progress };
      },
    });
    expect(phases.filter((phase) => phase !== 'tokenizer')).toEqual([
      'encode',
      'train',
      // The n-gram model on the same rows, as a yardstick.
      'read',
      'compare',
    ]);
    expect(last).toMatchObject({ step: 9, totalSteps: 9, epoch: 1, remainingSeconds: 0 });
    expect(last.tokensPerSecond).toBeGreaterThan(0);
    expect(last.metrics).toMatchObject({ examples: 16 });
  });
});

describe('training again', () => {
  it('goes on, before and after a save and load alike', async () => {
    const examples = toyTexts(160);
    using classifier = await TextClassifier.create(TINY);
    await classifier.train(examples, { ...FIT, epochs: 1 });
    const files = new Map<string, Uint8Array>();
    await classifier.save(files);
    using again = await TextClassifier.load(files);
    const first = await classifier.evaluate(examples);
    for (const one of [classifier, again]) {
      await one.train(examples, { ...FIT, epochs: 3, seed: 7 });
      expect((await one.evaluate(examples)).loss).toBeLessThan(first.loss);
    }
    const texts = ['sun', 'ice in the town'];
    expect(await again.predict(texts)).toEqual(await classifier.predict(texts));
  });

  it('keeps its labels: an example of another one is refused', async () => {
    using classifier = await TextClassifier.create(TINY);
    await classifier.train(toyTexts(32), { ...FIT, epochs: 1 });
    await expect(classifier.train(toyTexts(30, ['cold', 'warm', 'wet']))).rejects.toThrow(
      /example 2 has the label 'wet', which is not in the list; known are 'cold', 'warm'/,
    );
  });
});
