import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { learningRateFactor, lrSchedulerTypes } from '../../src/train/schedules.ts';

const at = (type: (typeof lrSchedulerTypes)[number], step: number, warmupSteps = 10) =>
  learningRateFactor({ type, warmupSteps, totalSteps: 110 }, step);

describe('schedules', () => {
  test.each([
    ['constant', 0, 1],
    ['constant', 109, 1],
    ['constant_with_warmup', 0, 0],
    ['constant_with_warmup', 5, 0.5],
    ['constant_with_warmup', 10, 1],
    ['constant_with_warmup', 109, 1],
    ['linear', 0, 0],
    ['linear', 3, 0.3],
    ['linear', 10, 1],
    ['linear', 60, 0.5],
    ['linear', 109, 0.01],
    ['linear', 110, 0],
    ['linear', 500, 0],
    ['cosine', 7, 0.7],
    ['cosine', 10, 1],
    ['cosine', 35, (1 + Math.SQRT1_2) / 2],
    ['cosine', 60, 0.5],
    ['cosine', 110, 0],
    ['cosine', 500, 0],
    ['inverse_sqrt', 5, 0.5],
    ['inverse_sqrt', 10, 1],
    ['inverse_sqrt', 40, 0.5],
    ['inverse_sqrt', 90, 1 / 3],
  ] as const)('%s at step %i is %f', (type, step, expected) => {
    expect(at(type, step)).toBeCloseTo(expected, 12);
  });

  test('without warm-up the first step has the full rate', () => {
    for (const type of lrSchedulerTypes) expect(at(type, 0, 0)).toBe(1);
    expect(at('inverse_sqrt', 30_000, 0)).toBeCloseTo(0.5, 12);
  });

  test('every factor is in [0, 1], rises while warming up and falls or stays after it', () => {
    const schedule = fc.record({
      type: fc.constantFrom(...lrSchedulerTypes),
      warmupSteps: fc.nat(50),
      totalSteps: fc.integer({ min: 1, max: 200 }),
    });
    fc.assert(
      fc.property(schedule, fc.nat(250), (s, step) => {
        const now = learningRateFactor(s, step);
        const next = learningRateFactor(s, step + 1);
        expect(now).toBeGreaterThanOrEqual(0);
        expect(now).toBeLessThanOrEqual(1);
        if (s.type !== 'constant' && step < s.warmupSteps && s.totalSteps > s.warmupSteps) {
          expect(next).toBeGreaterThan(now);
        }
        if (step >= s.warmupSteps) expect(next).toBeLessThanOrEqual(now);
      }),
    );
  });
});
