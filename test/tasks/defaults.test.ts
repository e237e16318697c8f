import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { TextClassifier } from '../../src/tasks/textClassifier.ts';
import { makeTickets } from '../bench/tickets.mjs';
import { aliveNow, TINY, textsOf, toyTexts } from './toyTexts.ts';

let before: { tensors: number; bytes: number };
beforeAll(async () => void (await createEngine()));
beforeEach(async () => {
  before = await aliveNow();
});
afterEach(async () => expect(await aliveNow()).toEqual(before));

describe('a classifier with default options', () => {
  it('learns 300 tickets of four labels, and says how good it is', async () => {
    using classifier = await TextClassifier.create();
    const { heldOut, warnings, choice, used } = await classifier.train(makeTickets(300, 1));
    const { accuracy } = await classifier.evaluate(makeTickets(1000, 2, 0));
    expect(accuracy).toBeGreaterThan(0.93);
    expect(heldOut!.accuracyInterval[0]).toBeLessThan(accuracy);
    expect(heldOut!.accuracy).toBeGreaterThan(0.85);
    expect(heldOut!.majority.accuracy).toBeLessThan(0.3);
    expect(heldOut!.ngrams!.accuracy).toBeGreaterThan(0.85);
    expect(heldOut!.calibrationError).toBeLessThan(0.1);
    expect(choice.reason).not.toBe('');
    expect(used.C).toBeGreaterThan(0);
    // Wrong labels are in the data, and some of its texts stand there twice.
    expect(warnings.filter(({ code }) => code !== 'CONFLICTING_LABELS')).toEqual([]);
  });

  it('is sure where it is right: of scores above 0.95 nine in ten are, and the error is small', async () => {
    using classifier = await TextClassifier.create();
    await classifier.train(makeTickets(300, 3));
    const test = makeTickets(1000, 4);
    const answers = await classifier.predict(textsOf(test), { topK: 1 });
    const sure = answers.flatMap(([best], n) =>
      best!.score > 0.95 ? [best!.label === test[n]!.label] : [],
    );
    expect(sure.length).toBeGreaterThan(300);
    expect(sure.filter(Boolean).length / sure.length).toBeGreaterThan(0.9);
  });

  it('answers unknown where it does not know', async () => {
    using classifier = await TextClassifier.create();
    await classifier.train(makeTickets(300, 5));
    const [sure] = await classifier.predict('my parcel has not arrived', { minScore: 0.5 });
    expect(sure!.label).toBe('delivery');
    for (const text of ['', '  ', 'Zwölf Boxkämpfer jagen Viktor', 'lorem ipsum dolor sit amet']) {
      const [best] = await classifier.predict(text, { minScore: 0.5 });
      expect(best).toMatchObject({ label: 'unknown', note: text.trim() ? 'unfamiliar' : 'empty' });
    }
    expect((await classifier.predict('lorem ipsum dolor'))[0]!.note).toBe('unfamiliar');
    const [low] = await classifier.predict('please change it', { minScore: 0.999 });
    expect(low!.label).toBe('unknown');
  });
});

describe('a training warns', () => {
  const codesOf = async (
    examples: { text: string; label: string }[],
    options: Parameters<TextClassifier['train']>[1] = {},
    create: Parameters<typeof TextClassifier.create>[0] = {},
  ) => {
    using classifier = await TextClassifier.create(create);
    const { warnings } = await classifier.train(examples, options);
    return warnings.map(({ code }) => code);
  };

  it('of labels that no text tells', async () => {
    const examples = toyTexts(120).map(({ text }, n) => ({
      text: `${text} ${n}`,
      label: (n * 7919) % 13 < 6 ? 'a' : 'b',
    }));
    expect(await codesOf(examples)).toContain('NO_BETTER_THAN_GUESSING');
  });

  it('of few rows, of a text under two labels, and of validation rows that it learns from', async () => {
    const examples = [
      ...makeTickets(40, 1, 0),
      { text: 'a thing of its own', label: 'rare' },
      { text: 'one for two', label: 'billing' },
      { text: 'One  for two', label: 'account' },
    ];
    expect(await codesOf(examples, { validationData: examples.slice(0, 20) })).toEqual(
      expect.arrayContaining(['FEW_EXAMPLES', 'CONFLICTING_LABELS', 'HELD_OUT_REPEATS']),
    );
  });

  it('of a training that diverges', async () => {
    expect(await codesOf(toyTexts(64), { learningRate: 10, epochs: 3 }, TINY)).toContain(
      'DIVERGED',
    );
    const codes = await codesOf(toyTexts(64), { learningRate: 100 }, TINY).catch(
      ({ code }) => code,
    );
    expect(codes).toBe('NON_FINITE_LOSS');
  });

  it('of options of a Transformer where none is tried', async () => {
    using classifier = await TextClassifier.create({ maxLength: 32 });
    const { warnings, choice } = await classifier.train(makeTickets(40, 1, 0), { epochs: 3 });
    expect(choice.encoder).toBe('ngrams');
    expect(warnings.filter(({ code }) => code === 'UNUSED_OPTIONS')).toEqual([
      expect.objectContaining({ message: expect.stringContaining('epochs, maxLength') }),
    ]);
  });
});

describe('a Transformer of few rows', () => {
  it('has rows to evaluate on where the user sets how to', async () => {
    using classifier = await TextClassifier.create(TINY);
    const options = { epochs: 3, metricForBestModel: 'accuracy', earlyStoppingPatience: 2 };
    const result = await classifier.train(toyTexts(64), options);
    expect(result.heldOut!.method).toBe('split');
    expect(result.bestMetric).toBeGreaterThan(0);
    expect(result.logHistory.some(({ metrics }) => 'accuracy' in (metrics ?? {}))).toBe(true);
  });

  it('refuses to evaluate on nothing', async () => {
    using classifier = await TextClassifier.create(TINY);
    const options = { earlyStoppingPatience: 2, validationSplit: 0 };
    await expect(classifier.train(toyTexts(64), options)).rejects.toThrow('earlyStoppingPatience');
  });
});
