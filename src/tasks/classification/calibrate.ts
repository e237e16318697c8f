import {
  fitMultiLabelTemperature,
  fitTemperature,
  type TemperatureOptions,
} from '../../train/calibration.ts';
import { meanLoss } from '../classificationReport.ts';
import type { Targets } from './targets.ts';

/** How much the logits of each part count in those of the whole, calibration included. */
export interface Mixture {
  readonly ngrams: number;
  readonly encoder: number;
}

/** The temperature of logits, and the mean cross-entropy they have with it. */
export function fitCalibration(
  logits: readonly Float32Array[],
  targets: Targets,
  multiLabel: boolean,
  options: TemperatureOptions = {},
): { temperature: number; loss: number } {
  const temperature = multiLabel
    ? fitMultiLabelTemperature(logits, targets, options)
    : fitTemperature(logits, targets, options);
  const scaled = logits.map((row) => row.map((z) => z / temperature));
  return { temperature, loss: meanLoss(scaled, targets, multiLabel) };
}

/** a · ngrams + b · encoder, of each row. */
export function mixLogits(
  ngrams: readonly Float32Array[] | undefined,
  encoder: readonly Float32Array[] | undefined,
  mixture: Mixture,
): Float32Array[] {
  const length = (ngrams ?? encoder)!.length;
  return Array.from({ length }, (_, row) => {
    const a = ngrams?.[row];
    const b = encoder?.[row];
    return (a ?? b)!.map(
      (_, c) => (a ? mixture.ngrams * a[c]! : 0) + (b ? mixture.encoder * b[c]! : 0),
    );
  });
}

/** Shares of the encoder that are compared. */
const SHARES = [0, 0.25, 0.5, 0.75, 1];

export interface MixtureFound {
  readonly mixture: Mixture;
  /** 0: the n-gram model alone, 1: the encoder alone. */
  readonly share: number;
  /** Mean cross-entropy of each alone, and of the choice. */
  readonly losses: { readonly ngrams: number; readonly encoder: number; readonly chosen: number };
}

/**
 * The mixture of two models that is best on rows neither has seen, calibrated on them:
 *
 *     z = (1 - s) z_ngrams / T_ngrams + s z_encoder / T_encoder, divided by a temperature of its own
 *
 * with the share s of the lowest cross-entropy. The n-gram model alone is kept unless more answers
 * are right and the gain is larger than two standard errors of it: it is the smaller and the faster
 * one, and in the end it learns from the held-out rows, too. (With one standard error the average was
 * worse as often as better, on TREC, rt-polarity and the spam mails.)
 *
 * @see Guo et al. (2017), On Calibration of Modern Neural Networks.
 */
export function chooseMixture(
  ngrams: readonly Float32Array[],
  encoder: readonly Float32Array[],
  targets: Targets,
  multiLabel: boolean,
): MixtureFound {
  const alone = {
    // Without a prior, which would hold the smaller logits back more than the larger ones.
    ngrams: fitCalibration(ngrams, targets, multiLabel, { priorRows: 0 }),
    encoder: fitCalibration(encoder, targets, multiLabel, { priorRows: 0 }),
  };
  const candidates = SHARES.map((share) => {
    const raw = {
      ngrams: (1 - share) / alone.ngrams.temperature,
      encoder: share / alone.encoder.temperature,
    };
    const mixed = mixLogits(ngrams, encoder, raw);
    const { temperature, loss } = fitCalibration(mixed, targets, multiLabel);
    const mixture = { ngrams: raw.ngrams / temperature, encoder: raw.encoder / temperature };
    return { share, mixture, loss };
  });
  const simplest = candidates[0]!;
  const best = candidates.reduce((a, b) => (b.loss < a.loss ? b : a));
  const lossesOf = ({ mixture }: { mixture: Mixture }) => {
    const mixed = mixLogits(ngrams, encoder, mixture);
    return mixed.map((row, n) => meanLoss([row], rowOf(targets, n, row.length), multiLabel));
  };
  const rightOf = ({ mixture }: { mixture: Mixture }) =>
    countRight(mixLogits(ngrams, encoder, mixture), targets, multiLabel);
  const wins =
    best !== simplest &&
    rightOf(best) > rightOf(simplest) &&
    !isNoise(lossesOf(simplest), lossesOf(best));
  const chosen = wins ? best : simplest;
  return {
    mixture: chosen.mixture,
    share: chosen.share,
    losses: {
      ngrams: simplest.loss,
      encoder: candidates[candidates.length - 1]!.loss,
      chosen: chosen.loss,
    },
  };
}

function rowOf(targets: Targets, row: number, numLabels: number): Targets {
  return targets instanceof Int32Array
    ? targets.subarray(row, row + 1)
    : targets.subarray(row * numLabels, (row + 1) * numLabels);
}

/** Whether the mean gain is within two standard errors. */
function isNoise(before: readonly number[], after: readonly number[]): boolean {
  const gains = before.map((loss, n) => loss - after[n]!);
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
  const variance = gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0) / gains.length;
  return mean <= 2 * Math.sqrt(variance / gains.length);
}

/** How many rows have the right label, or with several exactly the right ones. */
export function countRight(
  logits: readonly Float32Array[],
  targets: Targets,
  multiLabel: boolean,
): number {
  const isRight = (row: Float32Array, n: number) =>
    multiLabel
      ? row.every((z, c) => z > 0 === (targets[n * row.length + c] === 1))
      : row.indexOf(row.reduce((a, b) => Math.max(a, b))) === targets[n];
  return logits.filter(isRight).length;
}
