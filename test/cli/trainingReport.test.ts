import { describe, expect, it } from 'vitest';
import { type ReportedResult, trainingReport } from '../../src/cli/trainingReport.ts';
import type { HeldOutResult } from '../../src/tasks/classification/heldOut.ts';

const heldOut: HeldOutResult = {
  method: 'cross-validation',
  folds: 5,
  examples: 300,
  accuracy: 0.9133,
  accuracyInterval: [0.8744, 0.9412],
  majority: { label: 'billing', accuracy: 0.27 },
  ngrams: { accuracy: 0.9 },
  calibrationError: 0.04,
  report: {
    examples: 300,
    labels: ['billing', 'other'],
    loss: 0.3,
  } as unknown as HeldOutResult['report'],
  predictions: [],
};

const whole: ReportedResult = {
  globalStep: 152,
  epoch: 8,
  trainLoss: 0.25,
  logHistory: [],
  stoppedEarly: false,
  heldOut,
  choice: { encoder: 'ngrams', reason: 'it is as good as the Transformer and 20 times faster.' },
  warnings: [{ code: 'FEW_EXAMPLES', message: "the label 'other' has 3 rows; add some." }],
  used: {
    epochs: 8,
    batchSize: 16,
    learningRate: 0.1 + 0.2,
    optimizer: 'adamw',
    dropout: undefined,
  },
};

describe('the report of a training', () => {
  it('tells everything there is', () => {
    expect(trainingReport(whole, './model')).toEqual({
      results: [
        '152 steps, 8 epochs: mean loss 0.2500',
        'held-out accuracy 0.91 (0.87 to 0.94, 5-fold cross-validation of 300 rows)',
        "  always 'billing'  0.27",
        '  n-gram model      0.90',
        'chosen: ngrams; it is as good as the Transformer and 20 times faster.',
      ],
      warnings: ["warning: the label 'other' has 3 rows; add some."],
      closing: [
        'used: epochs 8, batchSize 16, learningRate 0.3, optimizer adamw',
        'saved in ./model',
      ],
    });
  });

  it('leaves out what is not told', () => {
    const { globalStep, epoch, trainLoss } = whole;
    const metrics = { loss: 0.123456, accuracy: 0.9 };
    const logHistory = [{ step: 1, epoch: 1, metrics }] as unknown as NonNullable<
      ReportedResult['logHistory']
    >;
    const today = { globalStep, epoch, trainLoss, logHistory } as ReportedResult;
    expect(trainingReport(today, 'm')).toEqual({
      results: [
        '152 steps, 8 epochs: mean loss 0.2500',
        'validation loss 0.1235',
        'validation accuracy 0.9',
      ],
      warnings: [],
      closing: ['saved in m'],
    });
    expect(trainingReport({}, 'm')).toEqual({ results: [], warnings: [], closing: ['saved in m'] });
  });

  it.each<[Partial<HeldOutResult>, string]>([
    [{ method: 'split', folds: undefined, examples: 1 }, '(0.87 to 0.94, 1 row held out)'],
    [{ method: 'validationData', folds: undefined }, '(0.87 to 0.94, 300 rows of validation data)'],
    [{ folds: undefined }, '(0.87 to 0.94, cross-validation of 300 rows)'],
  ])('names the method of %j', (part, shown) => {
    const others = { ngrams: undefined };
    const { results } = trainingReport({ heldOut: { ...heldOut, ...others, ...part } }, 'm');
    expect(results).toEqual([`held-out accuracy 0.91 ${shown}`, "  always 'billing'  0.27"]);
  });

  it.each([
    [{ globalStep: 1, epoch: 1, trainLoss: 2 }, '1 step, 1 epoch: mean loss 2.0000'],
    [{ globalStep: 3, epoch: 1.5, trainLoss: Number.NaN }, '3 steps, 1.5 epochs'],
    [{ globalStep: 0, epoch: 0, stoppedEarly: true }, '0 steps, 0 epochs, stopped early'],
  ])('counts %j', (result, line) => {
    expect(trainingReport(result, 'm').results).toEqual([line]);
  });
});
