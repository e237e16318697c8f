import { describe, expect, it } from 'vitest';
import { majorityOf } from '../../src/data/inspectExamples.ts';
import { collectLabels, type TextExample } from '../../src/data/labels.ts';
import { dataWarnings, guessingWarning } from '../../src/tasks/dataWarnings.ts';
import { wilsonInterval } from '../../src/train/calibration.ts';

/** `counts[label]` examples of each label, all texts different. */
const examplesOf = (counts: Readonly<Record<string, number>>): TextExample[] =>
  Object.entries(counts).flatMap(([label, count]) =>
    Array.from({ length: count }, (_, i) => ({ text: `${label} ${i}`, label })),
  );

const warn = (examples: readonly TextExample[], validationData?: readonly TextExample[]) =>
  dataWarnings({ examples, labels: collectLabels(examples), validationData });

const sound = examplesOf({ a: 20, b: 20 });

describe('dataWarnings', () => {
  it('has nothing to say of sound data', () => {
    expect(warn(sound)).toEqual([]);
    expect(warn(examplesOf({ a: 12, b: 8 }), [{ text: 'new', label: 'a' }])).toEqual([]);
    expect(warn([...sound, ...sound])).toEqual([]);
  });

  it.each([
    [
      { billing: 20, refund: 3 },
      "The label 'refund' has 3 rows; with fewer than 8 it is seldom learned or measured. Add rows.",
    ],
    [
      { billing: 20, refund: 1 },
      "The label 'refund' has 1 row; with fewer than 8 it is seldom learned or measured. Add rows.",
    ],
    [
      { billing: 20, fee: 1, refund: 7 },
      "The labels 'fee' (1 row) and 'refund' (7 rows) have few rows; with fewer than 8 each they are seldom learned or measured. Add rows.",
    ],
    [
      { a: 20, b: 1, c: 2, d: 3, e: 4, f: 5 },
      "The labels 'b' (1 row), 'c' (2 rows), 'd' (3 rows) and 2 more have few rows; with fewer than 8 each they are seldom learned or measured. Add rows.",
    ],
    [
      { a: 10, b: 9 },
      'The data has 19 rows in all; with fewer than 20 a model seldom learns what holds for new texts. Add rows.',
    ],
  ])('few examples: %o', (counts, message) => {
    expect(warn(examplesOf(counts))).toEqual([{ code: 'FEW_EXAMPLES', message }]);
  });

  it('few in all and few of a label are two findings', () => {
    const codes = warn(examplesOf({ a: 9, b: 2 })).map(({ code }) => code);
    expect(codes).toEqual(['FEW_EXAMPLES', 'FEW_EXAMPLES']);
  });

  it('counts a label that has no rows at all', () => {
    const [warning] = dataWarnings({ examples: sound, labels: ['a', 'b', 'c'] });
    expect(warning?.message).toMatch(/^The label 'c' has 0 rows;/);
  });

  it('conflicting labels', () => {
    const one = [...sound, { text: 'Hello\n you', label: 'a' }, { text: 'hello you', label: 'b' }];
    expect(warn(one)).toEqual([
      {
        code: 'CONFLICTING_LABELS',
        message:
          "1 text stands under different labels: 'Hello you' under 'a' and 'b'. Correct it, or use multiLabel: true.",
      },
    ]);
    const two = [...one, { text: 'a 0', label: 'b' }, { text: 'hello you', label: 'b' }];
    expect(warn(two)[0]?.message).toBe(
      "2 texts stand under different labels, such as 'a 0' under 'a' and 'b'. Correct them, or use multiLabel: true.",
    );
  });

  it('conflicting lists of labels have no use for multiLabel', () => {
    const rows = sound.map(({ text, label }) => ({ text, label: [label].flat() }));
    const examples = [...rows, { text: 'a 0', label: ['b', 'a'] }, { text: 'a 0', label: [] }];
    expect(warn(examples)).toEqual([
      {
        code: 'CONFLICTING_LABELS',
        message:
          "1 text stands under different labels: 'a 0' under 'a', 'a, b' and no label. Correct it.",
      },
    ]);
  });

  it.each([
    [
      ['A 0', 'b 3 ', 'new'],
      '2 of the 3 validation rows repeat training texts; the result is better than on new texts. Remove them from one side.',
    ],
    [
      ['a 0', 'new'],
      '1 of the 2 validation rows repeats a training text; the result is better than on new texts. Remove it from one side.',
    ],
    [
      ['a 0'],
      'The only validation row repeats a training text; the result is better than on new texts. Remove it from one side.',
    ],
  ])('held-out repeats: %j', (texts, message) => {
    const validationData = texts.map((text) => ({ text, label: 'a' }));
    expect(warn(sound, validationData)).toEqual([{ code: 'HELD_OUT_REPEATS', message }]);
  });
});

describe('guessingWarning', () => {
  const billing = { label: 'billing', accuracy: 0.35 };

  it('gives the numbers when guessing is as good', () => {
    const warning = guessingWarning({
      accuracy: 0.36,
      accuracyInterval: wilsonInterval(126, 350),
      majority: billing,
    });
    expect(warning).toEqual({
      code: 'NO_BETTER_THAN_GUESSING',
      message:
        "On held-out rows 0.36 are right (0.31 to 0.41); always answering 'billing' is right for 0.35. The model is no better than guessing: add rows, or check the labels.",
    });
  });

  it('is about the lower end, which must be above', () => {
    const at = (low: number) =>
      guessingWarning({ accuracy: 0.5, accuracyInterval: [low, 0.6], majority: billing })?.code;
    expect(at(0.34)).toBe('NO_BETTER_THAN_GUESSING');
    expect(at(0.35)).toBe('NO_BETTER_THAN_GUESSING');
    expect(at(0.36)).toBeUndefined();
  });

  it('takes the majority of the held-out rows, also where it is no label at all', () => {
    const heldOut: TextExample[] = [
      { text: '1', label: [] },
      { text: '2', label: [] },
      { text: '3', label: ['a'] },
    ];
    const { label, count } = majorityOf(heldOut);
    const warning = guessingWarning({
      accuracy: 2 / 3,
      accuracyInterval: wilsonInterval(2, 3),
      majority: { label, accuracy: count / heldOut.length },
    });
    expect(warning?.message).toContain('always answering no label is right for 0.67.');
  });
});
