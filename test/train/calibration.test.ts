import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../src/core/random.ts';
import {
  expectedCalibrationError,
  fitMultiLabelTemperature,
  fitTemperature,
  wilsonInterval,
} from '../../src/train/calibration.ts';

describe('wilsonInterval', () => {
  // scipy.stats.binomtest(correct, total).proportion_ci(0.95, 'wilson')
  test.each([
    [8, 10, 0.4901624715366418, 0.9433178485456248],
    [0, 10, 0, 0.27753279986288926],
    [10, 10, 0.7224672001371109, 1],
    [126, 350, 0.3114835744745811, 0.41155622892601307],
    [1, 1, 0.20654931437723745, 1],
    [950, 1000, 0.9346861797557491, 0.9618697376072511],
  ])('%i of %i, as SciPy computes it', (correct, total, low, high) => {
    const interval = wilsonInterval(correct, total);
    expect(interval[0]).toBeCloseTo(low, 8);
    expect(interval[1]).toBeCloseTo(high, 8);
  });

  test('of 99 %', () => {
    const [low, high] = wilsonInterval(8, 10, 2.5758293035489);
    expect(low).toBeCloseTo(0.4008186965216716, 10);
    expect(high).toBeCloseTo(0.9598688474953836, 10);
  });

  test('holds the share, is symmetric, and is narrower for more rows', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (n, part) => {
          const k = Math.floor(n * part);
          const [low, high] = wilsonInterval(k, n);
          expect(low).toBeGreaterThanOrEqual(0);
          expect(low).toBeLessThanOrEqual(k / n);
          expect(high).toBeGreaterThanOrEqual(k / n);
          expect(high).toBeLessThanOrEqual(1);
          expect(wilsonInterval(n - k, n)[0]).toBeCloseTo(1 - high, 12);
          const [lowOfMore, highOfMore] = wilsonInterval(4 * k, 4 * n);
          expect(highOfMore - lowOfMore).toBeLessThan(high - low);
        },
      ),
    );
  });

  test('refuses what is no share', () => {
    expect(() => wilsonInterval(0, 0)).toThrow('total must be an integer of at least 1');
    expect(() => wilsonInterval(11, 10)).toThrow('correct must be an integer from 0 to 10');
    expect(() => wilsonInterval(-1, 10)).toThrow('received -1');
    expect(() => wilsonInterval(1, 10, Number.NaN)).toThrow('z must be 0 or more');
  });
});

describe('expectedCalibrationError', () => {
  // Sums of (right - confidence) by bins of a tenth, from the top: 0.05, 0.15, -1.27, 0, 0.34, 0, 0, -0.3.
  const confidences = [0.95, 0.85, 0.8, 0.75, 0.72, 0.6, 0.55, 0.51, 1, 0.3];
  const correct = [1, 1, 0, 1, 0, 1, 0, 1, 1, 0];

  test.each([
    [10, 0.211],
    [3, 0.171],
    [1, 0.103],
  ])('%i bins, by hand', (bins, expected) => {
    expect(expectedCalibrationError(confidences, correct, bins)).toBeCloseTo(expected, 12);
  });

  test('has ten bins, and takes booleans and typed arrays', () => {
    const booleans = correct.map(Boolean);
    expect(expectedCalibrationError(Float64Array.from(confidences), booleans)).toBeCloseTo(0.211);
    expect(expectedCalibrationError([0.9, 0.9, 0.6], [true, false, true])).toBeCloseTo(0.4, 12);
  });

  test('is 1 for sure and wrong, 0 for sure and right', () => {
    expect(expectedCalibrationError([1, 1], [0, 0])).toBe(1);
    expect(expectedCalibrationError([1, 0], [1, 0])).toBe(0);
  });

  test('an edge belongs to the bin below it', () => {
    // In one bin the two would cancel out.
    expect(expectedCalibrationError([0.5, 0.5001], [1, 0], 2)).toBeCloseTo(0.50005, 12);
    expect(expectedCalibrationError([0.5, 0.4999], [1, 0], 2)).toBeCloseTo(0.00005, 12);
  });

  test('is small where confidence is the chance of being right', () => {
    const random = new Random(1);
    const sure = Array.from({ length: 20_000 }, () => random.uniform());
    const right = sure.map((p) => random.uniform() < p);
    expect(expectedCalibrationError(sure, right)).toBeLessThan(0.015);
    const shifted = sure.map((p) => Math.min(1, p + 0.2));
    expect(expectedCalibrationError(shifted, right)).toBeGreaterThan(0.15);
  });

  test('is at least the gap of the means, and does not depend on the order', () => {
    const rows = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean()), {
      minLength: 1,
    });
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 20 }), (pairs, bins) => {
        const ece = (all: typeof pairs) =>
          expectedCalibrationError(
            all.map(([p]) => p),
            all.map(([, right]) => right),
            bins,
          );
        const gap = pairs.reduce((sum, [p, right]) => sum + Number(right) - p, 0) / pairs.length;
        expect(ece(pairs)).toBeGreaterThanOrEqual(Math.abs(gap) - 1e-12);
        expect(ece(pairs)).toBeLessThanOrEqual(1);
        expect(ece([...pairs].reverse())).toBeCloseTo(ece(pairs), 12);
      }),
    );
  });

  test('refuses what cannot be measured', () => {
    expect(() => expectedCalibrationError([], [])).toThrow('nothing to measure');
    expect(() => expectedCalibrationError([1], [])).toThrow('1 confidences and 0 results');
    expect(() => expectedCalibrationError([0.5, 1.1], [1, 1])).toThrow('row 1 is 1.1');
    expect(() => expectedCalibrationError([Number.NaN], [1])).toThrow('row 0 is NaN');
    expect(() => expectedCalibrationError([1], [1], 0)).toThrow('bins must be an integer');
  });
});

const LOGITS = [
  [2, 1, 0],
  [0, 3, 1],
  [1, 1, 4],
  [3, 0, 0],
  [0, 2, 1],
  [5, 1, 0],
  [0, 0, 1],
  [1, 2, 0],
];

/** Rows of C logits from N(0, 2), and classes drawn from their softmax. */
function calibratedRows(N: number, C: number, seed: number) {
  const random = new Random(seed);
  const logits = Array.from({ length: N }, () =>
    Float32Array.from({ length: C }, () => 2 * random.normal()),
  );
  const targets = logits.map((row) => {
    const weights = [...row].map(Math.exp);
    let rest = random.uniform() * weights.reduce((sum, x) => sum + x, 0);
    const drawn = weights.findIndex((weight) => {
      rest -= weight;
      return rest < 0;
    });
    return Math.max(0, drawn);
  });
  return { logits, targets };
}

const scaled = (logits: readonly Float32Array[], k: number) =>
  logits.map((row) => row.map((z) => z * k));

describe('fitTemperature', () => {
  const targets = [0, 1, 2, 1, 1, 0, 0, 2];

  // scipy.optimize.minimize_scalar of the same loss in log T.
  test.each([
    [0, 1.9594132010052483],
    [10, 1.2189121788554378],
    [100, 1.0312216167517503],
  ])('a prior of %i rows, as SciPy computes it', (priorRows, expected) => {
    expect(fitTemperature(LOGITS, targets, { priorRows })).toBeCloseTo(expected, 5);
  });

  test('the prior of ten rows is the default', () => {
    expect(fitTemperature(LOGITS, targets)).toBe(
      fitTemperature(LOGITS, targets, { priorRows: 10 }),
    );
  });

  test('is near 1 for calibrated logits, near k for k times as large ones', () => {
    const kept = fc.record({
      seed: fc.integer({ min: 0, max: 1000 }),
      C: fc.integer({ min: 2, max: 6 }),
      k: fc.double({ min: 0.25, max: 4, noNaN: true }),
    });
    fc.assert(
      fc.property(kept, ({ seed, C, k }) => {
        const { logits, targets } = calibratedRows(3000, C, seed);
        // Four standard errors of log T, some 0.03 each, and the pull of the prior.
        expect(Math.abs(Math.log(fitTemperature(logits, targets)))).toBeLessThan(0.15);
        const T = fitTemperature(scaled(logits, k), targets);
        expect(Math.abs(Math.log(T / k))).toBeLessThan(0.17);
      }),
      { numRuns: 20 },
    );
  });

  test('repairs the calibration error of overconfident logits', () => {
    const { logits, targets } = calibratedRows(4000, 3, 7);
    const sure = scaled(logits, 3);
    const T = fitTemperature(sure, targets);
    const errorAt = (temperature: number) => {
      const predictions = sure.map((row) => row.indexOf(Math.max(...row)));
      const confidences = sure.map((row) => {
        const highest = Math.max(...row);
        return 1 / row.reduce((sum, z) => sum + Math.exp((z - highest) / temperature), 0);
      });
      return expectedCalibrationError(
        confidences,
        predictions.map((prediction, n) => prediction === targets[n]),
      );
    };
    expect(errorAt(1)).toBeGreaterThan(0.1);
    expect(errorAt(T)).toBeLessThan(0.03);
  });

  test('few rows stay near 1, also when all of them are right or wrong', () => {
    const right = fitTemperature([[5, 0]], [0]);
    const wrong = fitTemperature([[5, 0]], [1]);
    expect(right).toBeGreaterThan(0.9);
    expect(right).toBeLessThan(1);
    expect(wrong).toBeGreaterThan(1);
    expect(wrong).toBeLessThan(1.5);
  });

  test('ends at the bounds without a prior, and at 1 where logits say nothing', () => {
    expect(fitTemperature([[1, 0]], [0], { priorRows: 0 })).toBeCloseTo(0.05, 5);
    expect(fitTemperature([[9, 0]], [1], { priorRows: 0 })).toBeCloseTo(20, 3);
    expect(fitTemperature([[1, 1]], [0])).toBeCloseTo(1, 5);
    expect(fitTemperature([[1e4, -1e4]], [0])).toBeCloseTo(1, 5);
  });

  test('refuses what cannot be fitted', () => {
    expect(() => fitTemperature([], [])).toThrow('nothing to calibrate on');
    expect(() => fitTemperature([[1, 0]], [0, 1])).toThrow('2 targets; the logits need 1');
    expect(() => fitTemperature([[1, 0], [1]], [0, 0])).toThrow('Row 1 has 1 logits; row 0 has 2');
    expect(() => fitTemperature([[1, Number.NaN]], [0])).toThrow('Logit 1 of row 0 is NaN');
    for (const target of [2, -1, 0.5]) {
      expect(() => fitTemperature([[1, 0]], [target])).toThrow(`Target 0 is ${target}`);
    }
    expect(() => fitTemperature([[1, 0]], [0], { priorRows: -1 })).toThrow('priorRows must be 0');
  });
});

describe('fitMultiLabelTemperature', () => {
  const logits = LOGITS.map((row) => row.map((z) => z - 1.5));
  const targets = [1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 1, 0, 1, 0, 1, 1, 0, 0, 0, 1, 0, 1, 0];

  test.each([
    [0, 0.6049765245729792],
    [10, 0.8375631044064643],
  ])('a prior of %i rows, as SciPy computes it', (priorRows, expected) => {
    expect(fitMultiLabelTemperature(logits, targets, { priorRows })).toBeCloseTo(expected, 5);
  });

  test('is near k for logits that are k times too large', () => {
    const random = new Random(11);
    const rows = Array.from({ length: 3000 }, () =>
      Float32Array.from({ length: 4 }, () => 2 * random.normal()),
    );
    const drawn = rows.flatMap((row) =>
      [...row].map((z) => Number(random.uniform() < 1 / (1 + Math.exp(-z)))),
    );
    for (const k of [0.3, 1, 4]) {
      const T = fitMultiLabelTemperature(scaled(rows, k), Float32Array.from(drawn));
      expect(Math.abs(Math.log(T / k))).toBeLessThan(0.1);
    }
  });

  test('refuses what is neither 0 nor 1', () => {
    expect(() => fitMultiLabelTemperature([[1, 0]], [0, 2])).toThrow('Target 1 is 2');
    expect(() => fitMultiLabelTemperature([[1, 0]], [0])).toThrow('1 targets; the logits need 2');
  });
});
