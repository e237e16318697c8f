import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.ts';
import {
  chooseMixture,
  fitCalibration,
  mixLogits,
} from '../../../src/tasks/classification/calibrate.ts';
import { meanLoss } from '../../../src/tasks/classificationReport.ts';
import { fitMultiLabelTemperature, fitTemperature } from '../../../src/train/calibration.ts';

const row = (...values: number[]) => Float32Array.from(values);

describe('mixLogits', () => {
  it('is the weighted sum of both, or what there is', () => {
    const [a, b] = [
      [row(1, 2), row(3, 4)],
      [row(10, 20), row(30, 40)],
    ];
    expect(mixLogits(a, b, { ngrams: 2, encoder: 0.5 })).toEqual([row(7, 14), row(21, 28)]);
    expect(mixLogits(a, undefined, { ngrams: 2, encoder: 9 })).toEqual([row(2, 4), row(6, 8)]);
    expect(mixLogits(undefined, b, { ngrams: 9, encoder: 0.5 })).toEqual([row(5, 10), row(15, 20)]);
    expect(mixLogits([], undefined, { ngrams: 1, encoder: 1 })).toEqual([]);
    expect(a).toEqual([row(1, 2), row(3, 4)]);
  });
});

interface Data {
  targets: Int32Array | Float32Array;
  /** Logits that know the targets of the rows that `knows` says, with noise. */
  model: (knows: (row: number) => boolean, size?: number) => Float32Array[];
}

/** N rows of C labels, of which one holds. */
function oneLabel(N: number, C: number, seed: number): Data {
  const random = new Random(seed);
  const targets = Int32Array.from({ length: N }, () => random.below(C));
  return {
    targets,
    model: (knows, size = 1) =>
      Array.from(targets, (target, n) =>
        Float32Array.from(
          { length: C },
          (_, c) => size * (random.normal() + (knows(n) && c === target ? 3 : 0)),
        ),
      ),
  };
}

/** The same where each label holds or not. */
function manyLabels(N: number, C: number, seed: number): Data {
  const random = new Random(seed);
  const targets = Float32Array.from({ length: N * C }, () => random.below(2));
  return {
    targets,
    model: (knows, size = 1) =>
      Array.from({ length: N }, (_, n) =>
        Float32Array.from(
          { length: C },
          (_, c) => size * (random.normal() + (knows(n) ? (targets[n * C + c] ? 2 : -2) : 0)),
        ),
      ),
  };
}

const KINDS = [
  ['two labels', (seed: number) => oneLabel(400, 2, seed), false],
  ['five labels', (seed: number) => oneLabel(400, 5, seed), false],
  ['several at once', (seed: number) => manyLabels(400, 3, seed), true],
] as const;
const SEEDS = [1, 2, 3, 4, 5, 6];
const always = () => true;
const never = () => false;

describe('fitCalibration', () => {
  it('has the temperature, and the loss of the logits divided by it', () => {
    for (const [, dataOf, multiLabel] of KINDS) {
      const { targets, model } = dataOf(1);
      const logits = model(always, 4);
      const { temperature, loss } = fitCalibration(logits, targets, multiLabel);
      const temperatureOf = multiLabel ? fitMultiLabelTemperature : fitTemperature;
      expect(temperature).toBe(temperatureOf(logits, targets));
      const divided = logits.map((z) => z.map((x) => x / temperature));
      expect(loss).toBeCloseTo(meanLoss(divided, targets, multiLabel), 9);
      expect(loss).toBeLessThan(meanLoss(logits, targets, multiLabel));
    }
  });
});

describe.each(KINDS)('chooseMixture of %s', (_, dataOf, multiLabel) => {
  const choose = (data: Data, ngrams: Float32Array[], encoder: Float32Array[]) =>
    chooseMixture(ngrams, encoder, data.targets, multiLabel);

  it.each(SEEDS)('is the n-gram model where the encoder is noise (seed %i)', (seed) => {
    const data = dataOf(seed);
    const { share, mixture, losses } = choose(data, data.model(always), data.model(never));
    expect(share).toBe(0);
    expect(mixture.encoder).toBe(0);
    expect(losses.ngrams).toBeLessThan(losses.encoder);
    expect(losses.chosen).toBeLessThanOrEqual(losses.ngrams + 1e-9);
  });

  it.each(SEEDS)(
    'is the encoder, with next to nothing else, where n-grams are noise (seed %i)',
    (seed) => {
      const data = dataOf(seed);
      const ngrams = data.model(never);
      const found = choose(data, ngrams, data.model(always));
      expect(found.share).toBeGreaterThan(0);
      expect(found.losses.encoder).toBeLessThan(found.losses.ngrams);
      expect(found.losses.chosen).toBeLessThanOrEqual(found.losses.encoder + 1e-6);
      // Noise has a high temperature: what is left of it is small.
      expect(found.mixture.ngrams).toBeLessThan(found.mixture.encoder / 4);
    },
  );

  it.each(SEEDS)('is an average where each is right in its places (seed %i)', (seed) => {
    const data = dataOf(seed);
    const ngrams = data.model((n) => n % 3 !== 0, 5);
    const encoder = data.model((n) => n % 3 !== 1, 0.2);
    const { share, mixture, losses } = choose(data, ngrams, encoder);
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(1);
    expect(losses.chosen).toBeLessThan(Math.min(losses.ngrams, losses.encoder) - 0.02);
    // Logits of any size: the mixture brings them to the same.
    expect(mixture.encoder).toBeGreaterThan(mixture.ngrams);
  });

  it.each(SEEDS)('is calibrated, and its loss is that of its logits (seed %i)', (seed) => {
    const data = dataOf(seed);
    for (const size of [0.1, 1, 10]) {
      const ngrams = data.model((n) => n % 3 !== 0, size);
      const encoder = data.model((n) => n % 3 !== 1);
      const { mixture, losses } = choose(data, ngrams, encoder);
      const mixed = mixLogits(ngrams, encoder, mixture);
      expect(meanLoss(mixed, data.targets, multiLabel)).toBeCloseTo(losses.chosen, 5);
      // No surer or less sure logits have a loss that is much lower: the prior is ten rows in 400.
      const best = multiLabel ? fitMultiLabelTemperature : fitTemperature;
      const T = best(mixed, data.targets, { priorRows: 0 });
      const other = mixed.map((z) => z.map((x) => x / T));
      expect(losses.chosen - meanLoss(other, data.targets, multiLabel)).toBeLessThan(0.005);
    }
  });

  it.each(SEEDS)('is the n-gram model where the encoder says the same (seed %i)', (seed) => {
    const data = dataOf(seed);
    const ngrams = data.model(always);
    expect(choose(data, ngrams, ngrams).share).toBe(0);
  });
});

describe('chooseMixture', () => {
  it('takes a gain over the n-gram model only where it is above two standard errors', () => {
    const found = new Set<boolean>();
    for (let seed = 1; seed <= 60; seed++) {
      const { targets, model } = oneLabel(60, 2, seed);
      const ngrams = model((n) => n % 4 !== 0);
      const noise = model((n) => n % 3 === 0, 0.7);
      const encoder = ngrams.map((z, n) => z.map((x, c) => x + noise[n]![c]!));
      const { share, mixture } = chooseMixture(ngrams, encoder, targets, false);
      found.add(share > 0);
      if (share === 0) continue;
      const lossesOf = (logits: Float32Array[]) =>
        logits.map((z, n) => meanLoss([z], targets.subarray(n, n + 1), false));
      // The n-gram model alone, calibrated as the mixtures are: each part first, then the whole.
      const first = fitTemperature(ngrams, targets, { priorRows: 0 });
      const alone = ngrams.map((z) => z.map((x) => x / first));
      const second = fitTemperature(alone, targets);
      const before = lossesOf(alone.map((z) => z.map((x) => x / second)));
      const after = lossesOf(mixLogits(ngrams, encoder, mixture));
      const gains = before.map((loss, n) => loss - after[n]!);
      const mean = gains.reduce((a, b) => a + b) / 60;
      const variance = gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0) / 60;
      expect(mean).toBeGreaterThan(2 * Math.sqrt(variance / 60) - 1e-6);
    }
    expect(found).toEqual(new Set([true, false]));
  });

  it('has finite numbers for any logits, one row and logits that say nothing among them', () => {
    const logit = fc.float({ min: -1000, max: 1000, noNaN: true });
    const logits = fc.array(fc.tuple(logit, logit), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(logits, fc.boolean(), fc.boolean(), (rows, multiLabel, isFlat) => {
        const ngrams = rows.map(([a, b]) => row(a, b));
        const encoder = rows.map(([a, b]) => (isFlat ? row(0, 0) : row(b, a)));
        const targets = multiLabel
          ? Float32Array.from(rows.flatMap((_, n) => [n % 2, 1]))
          : Int32Array.from(rows, (_, n) => n % 2);
        const { mixture, losses, share } = chooseMixture(ngrams, encoder, targets, multiLabel);
        for (const number of [...Object.values(mixture), ...Object.values(losses), share]) {
          expect(Number.isFinite(number)).toBe(true);
        }
        expect(mixture.ngrams).toBeGreaterThanOrEqual(0);
        expect(mixture.encoder).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
