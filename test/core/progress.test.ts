import { expect, test } from 'vitest';
import { ProgressClock, type Step } from '../../src/core/progress.ts';

test('the time left is measured by the time gone', () => {
  let now = 1000;
  const clock = new ProgressClock(() => now);
  now += 6000;
  expect(clock.elapsedSeconds).toBe(6);
  expect(clock.remainingSeconds(3, 10)).toBe(14);
  expect(clock.remainingSeconds(10, 10)).toBe(0);
  expect(clock.remainingSeconds(0, 10)).toBeUndefined();
  expect(clock.remainingSeconds(3, undefined)).toBeUndefined();
});

test('a clock that stands still tells nothing about the time left', () => {
  const clock = new ProgressClock(() => 1000);
  expect(clock.elapsedSeconds).toBe(0);
  expect(clock.remainingSeconds(3, 10)).toBeUndefined();
  expect(clock.remainingSeconds(10, 10)).toBe(0);
});

test.each<[Step, string]>([
  [{ phase: 'tokenizer', step: 163, totalSteps: 8000 }, 'vocabulary 163 of 8,000'],
  [{ phase: 'read', step: 1200, totalSteps: 5851 }, 'reading text 1,200 of 5,851'],
  [{ phase: 'read', step: 1200, totalSteps: undefined }, 'reading text 1,200'],
  [{ phase: 'encode', step: 512, totalSteps: 600 }, 'encoding text 512 of 600'],
  [{ phase: 'train', step: 40, totalSteps: 300, loss: 0.41234 }, 'training 40 of 300, loss 0.412'],
  [{ phase: 'train', step: 1, totalSteps: 2, loss: 8.9871 }, 'training 1 of 2, loss 8.99'],
  [{ phase: 'train', step: 1, totalSteps: 2, loss: 123.4 }, 'training 1 of 2, loss 123'],
  [{ phase: 'train', step: 1, totalSteps: 2, loss: 0.00041 }, 'training 1 of 2, loss 0.000410'],
  [{ phase: 'train', step: 1, totalSteps: 2, loss: 0 }, 'training 1 of 2, loss 0'],
  [
    { phase: 'train', step: 2, totalSteps: 2, loss: 0.5, metrics: { loss: 0.61, accuracy: 0.9 } },
    'training 2 of 2, loss 0.500, validation loss 0.610',
  ],
  [{ phase: 'predict', step: 3, totalSteps: 10 }, 'predicting batch 3 of 10'],
  [{ phase: 'evaluate', step: 3, totalSteps: 10 }, 'evaluating batch 3 of 10'],
  [{ phase: 'generate', step: 5, totalSteps: 200 }, 'writing token 5 of 200'],
  [{ phase: 'load', step: 1.2e6, totalSteps: 3.41e7 }, 'loading 1.20 of 34.1 MB'],
  [{ phase: 'load', step: 1.2e6, totalSteps: undefined }, 'loading 1.20 MB'],
])('%o reads well', (step, message) => {
  expect(new ProgressClock().progress(step).message).toBe(message);
});

test('steps done before the clock began tell nothing about the time left', () => {
  let now = 0;
  const clock = new ProgressClock(() => now);
  now += 1000;
  const step = { phase: 'train', step: 60, totalSteps: 100 } as const;
  expect(clock.progress(step, 50)).toMatchObject({ elapsedSeconds: 1, remainingSeconds: 4 });
});
