import { describe, expect, it } from 'vitest';
import { createEngine } from '../../src/kernels/createEngine.ts';
import {
  parseClassifierOptions,
  parseClassifierTraining,
} from '../../src/tasks/classifierOptions.ts';
import { TextClassifier } from '../../src/tasks/textClassifier.ts';
import { type DataStatistics, transformerDefaults } from '../../src/tasks/transformerDefaults.ts';
import { toyTexts } from './toyTexts.ts';

const COUNTS = [2, 20, 300, 5000, 25_000, 1_000_000];
const LENGTHS = [0, 1, 60, 115, 249.5, 1300, 50_000];

const defaultsOf = (data: Partial<DataStatistics>) =>
  transformerDefaults({ examples: 300, labels: 2, meanLength: 80, ...data });

const stepsOf = (data: Partial<DataStatistics>) => defaultsOf(data).training.maxSteps!;

/** Times that every example is seen. */
const epochsOf = (data: Partial<DataStatistics> & { examples: number }) =>
  (stepsOf(data) * defaultsOf(data).training.batchSize!) / data.examples;

const ascending = (values: readonly number[]) => [...values].sort((a, b) => a - b);

describe('transformerDefaults', () => {
  it.each(COUNTS)('are valid options for %i examples of any length', (examples) => {
    for (const meanLength of LENGTHS) {
      for (const labels of [1, 2, 6, 150]) {
        const { training, ...create } = transformerDefaults({ examples, labels, meanLength });
        const { choice, ...parsed } = parseClassifierOptions(create);
        expect({ ...parsed, ...choice }).toMatchObject(create);
        expect(parseClassifierTraining(training).training).toMatchObject(training);
      }
    }
  });

  it('more examples give more updates, each example being seen less often', () => {
    for (const meanLength of [60, 1300]) {
      const steps = COUNTS.map((examples) => stepsOf({ examples, meanLength }));
      expect(steps).toEqual(ascending(steps));
      const large = COUNTS.filter((examples) => examples >= 20);
      const epochs = large.map((examples) => epochsOf({ examples, meanLength }));
      expect(epochs.reverse()).toEqual(ascending(epochs));
    }
  });

  it('more labels give more updates', () => {
    const steps = [2, 3, 6, 20].map((labels) => stepsOf({ labels }));
    expect(new Set(steps).size).toBe(4);
    expect(steps).toEqual(ascending(steps));
    expect(stepsOf({ labels: 1 })).toBe(stepsOf({ labels: 2 }));
  });

  it('few examples are seen over ten times, tens of thousands twice', () => {
    expect(epochsOf({ examples: 300 })).toBeGreaterThan(10);
    expect(epochsOf({ examples: 5000 })).toBeGreaterThan(3);
    expect(epochsOf({ examples: 25_000, meanLength: 1300 })).toBeGreaterThan(1.5);
  });

  it('bounds the time: the tokens that are computed', () => {
    const tokens = (data: Partial<DataStatistics>) => {
      const { training, maxLength } = defaultsOf(data);
      return training.maxSteps! * training.batchSize! * maxLength;
    };
    // One thread computes about 140,000 tokens a second at width 32.
    expect(tokens({ examples: 25_000, meanLength: 1300 })).toBeLessThan(21e6);
    expect(tokens({ examples: 1_000_000, labels: 100, meanLength: 5000 })).toBeLessThan(21e6);
    expect(stepsOf({ examples: 300, labels: 6 })).toBeLessThan(450);
  });

  it('is narrower for many documents only', () => {
    const widthOf = (data: Partial<DataStatistics>) => defaultsOf(data).encoder.hiddenSize;
    expect(widthOf({ examples: 20_000, meanLength: 1300 })).toBe(32);
    expect(widthOf({ examples: 500, meanLength: 1300 })).toBe(64);
    expect(widthOf({ examples: 20_000, meanLength: 60 })).toBe(64);
  });

  it('pools the maximum of sentences and the mean of documents', () => {
    expect(defaultsOf({ meanLength: 115 }).encoder.pooling).toBe('max');
    expect(defaultsOf({ meanLength: 1300 }).encoder.pooling).toBe('mean');
  });

  it('takes a maxLength that is set, and otherwise one that follows the texts', () => {
    expect(defaultsOf({ maxLength: 12 }).maxLength).toBe(12);
    expect(defaultsOf({ maxLength: undefined }).maxLength).toBe(defaultsOf({}).maxLength);
    const lengths = LENGTHS.map((meanLength) => defaultsOf({ meanLength }).maxLength);
    expect(lengths).toEqual(ascending(lengths));
    expect(Math.max(...lengths)).toBe(256);
  });

  it('learns a toy task', async () => {
    await createEngine();
    const examples = toyTexts(200);
    const data = { examples: examples.length, labels: 2, meanLength: 40 };
    const { training, ...create } = transformerDefaults(data);
    using classifier = await TextClassifier.create(create);
    await classifier.train(examples, training);
    const { accuracy } = await classifier.evaluate(toyTexts(100, undefined, 2));
    expect(accuracy).toBeGreaterThan(0.95);
  });
});
