import { AnyformerError, show } from '../core/errors.ts';

/** Bounds of a temperature: beyond them the rows say nothing, or are all right. */
const LOWEST_TEMPERATURE = 0.05;
const HIGHEST_TEMPERATURE = 20;

function refuse(text: string): never {
  throw new AnyformerError('INVALID_ARGUMENT', text);
}

/**
 * The Wilson score interval of a share `p = correct / total`:
 * `(p + z²/2n ± z √(p (1 - p)/n + z²/4n²)) / (1 + z²/n)` with `n = total`. Unlike `p ± z √(p (1 - p)/n)`
 * it holds for few rows, and for shares of 0 and 1.
 *
 * @param correct rows that are right, from 0 to `total`.
 * @param total all rows, at least 1.
 * @param z how many standard deviations. Default: 1.959964, an interval of 95 %.
 * @returns `[low, high]`, in [0, 1].
 * @throws AnyformerError `INVALID_ARGUMENT` for numbers out of range.
 *
 * @example
 * wilsonInterval(8, 10); // [0.490, 0.943]
 *
 * Source: Wilson (1927), Probable Inference, the Law of Succession, and Statistical Inference.
 */
export function wilsonInterval(
  correct: number,
  total: number,
  z = 1.959964,
): [low: number, high: number] {
  if (!(Number.isInteger(total) && total >= 1)) {
    refuse(`total must be an integer of at least 1, received ${show(total)}.`);
  }
  if (!(Number.isInteger(correct) && correct >= 0 && correct <= total)) {
    refuse(`correct must be an integer from 0 to ${total}, received ${show(correct)}.`);
  }
  if (!(Number.isFinite(z) && z >= 0)) refuse(`z must be 0 or more, received ${show(z)}.`);
  const share = correct / total;
  const scale = 1 + (z * z) / total;
  const center = (share + (z * z) / (2 * total)) / scale;
  const half =
    (z * Math.sqrt((share * (1 - share)) / total + (z * z) / (4 * total * total))) / scale;
  // Exact at the ends, where the rounding of the formula leaves 1e-17.
  return [
    correct === 0 ? 0 : Math.max(0, center - half),
    correct === total ? 1 : Math.min(1, center + half),
  ];
}

/**
 * Expected calibration error: `Σ |B|/n · |accuracy(B) - confidence(B)|` over bins B of equal width,
 * how far a model's confidence is from its accuracy. Bin m of M holds confidences in ((m - 1)/M, m/M].
 *
 * @param confidences (N): probability of each prediction, in [0, 1].
 * @param correct (N): whether each prediction is right: true or 1, false or 0.
 * @param bins number of bins M. Default: 10.
 * @returns from 0 (calibrated) to 1.
 * @throws AnyformerError `INVALID_ARGUMENT` for no rows, lengths that differ, a confidence outside
 *   [0, 1], or fewer than 1 bin.
 *
 * @example
 * expectedCalibrationError([0.9, 0.9, 0.6], [true, false, true]); // 0.4
 *
 * Source: Guo et al. (2017), On Calibration of Modern Neural Networks, https://arxiv.org/abs/1706.04599.
 */
export function expectedCalibrationError(
  confidences: ArrayLike<number>,
  correct: ArrayLike<boolean | number>,
  bins = 10,
): number {
  const N = confidences.length;
  if (N !== correct.length) {
    refuse(`There are ${N} confidences and ${correct.length} results; pass pairs.`);
  }
  if (N === 0) refuse('There is nothing to measure; pass at least one row.');
  if (!(Number.isInteger(bins) && bins >= 1)) {
    refuse(`bins must be an integer of at least 1, received ${show(bins)}.`);
  }
  // Of each bin: rows that are right less the sum of confidences, |B| (accuracy - confidence).
  const gaps = new Float64Array(bins);
  for (let n = 0; n < N; n++) {
    const confidence = confidences[n]!;
    if (!(confidence >= 0 && confidence <= 1)) {
      refuse(`The confidence of row ${n} is ${show(confidence)}, not a number from 0 to 1.`);
    }
    const bin = Math.max(0, Math.ceil(confidence * bins) - 1);
    gaps[bin]! += Number(correct[n]) - confidence;
  }
  return gaps.reduce((total, gap) => total + Math.abs(gap), 0) / N;
}

export interface TemperatureOptions {
  /**
   * The weight of the prior that pulls T towards 1: log T ~ N(0, 1/priorRows). Default: 10. With 0
   * there is no prior.
   */
  readonly priorRows?: number;
}

/**
 * Temperature scaling: the T that minimizes the cross-entropy of `softmax(z / T)` on held-out rows,
 * by a scan and golden-section search on log T in [log 0.05, log 20]. T > 1 makes an overconfident
 * model less sure. The predicted class does not change.
 *
 * Few rows cannot tell T, and rows that are all right have none (T would go to 0). So the loss has a
 * prior: `Σ cross-entropy + priorRows/2 · (log T)²`. It weighs about as much as `priorRows` rows: it
 * decides with fewer than 30 rows, and hardly counts with hundreds.
 *
 * @param logits N rows of C logits, not seen in training.
 * @param targets (N): the true class of each row, from 0 to C - 1.
 * @returns T, in [0.05, 20].
 * @throws AnyformerError `INVALID_ARGUMENT` for no rows, sizes that differ, logits that are not
 *   finite, or targets that are not classes.
 *
 * @example
 * const T = fitTemperature(logits, targets);
 * const calibrated = logits.map((row) => row.map((z) => z / T));
 *
 * Source: Guo et al. (2017), On Calibration of Modern Neural Networks, https://arxiv.org/abs/1706.04599.
 */
export function fitTemperature(
  logits: readonly ArrayLike<number>[],
  targets: ArrayLike<number>,
  options: TemperatureOptions = {},
): number {
  const C = checkLogits(logits);
  checkTargets(targets, logits.length, (target) => Number.isInteger(target) && target < C);
  return temperatureOf((T) => softmaxLoss(logits, targets, T), options);
}

/**
 * Temperature scaling of a multi-label model: the T that minimizes the cross-entropy of
 * `sigmoid(z / T)`, one T for all labels. The search and the prior are those of
 * {@link fitTemperature}. A decision at a probability of one half does not change.
 *
 * @param logits N rows of C logits, not seen in training.
 * @param targets (N, C), row-major: 1 where the row has the label, else 0.
 * @returns T, in [0.05, 20].
 * @throws AnyformerError `INVALID_ARGUMENT` for no rows, sizes that differ, logits that are not
 *   finite, or targets that are not 0 or 1.
 *
 * @example
 * const T = fitMultiLabelTemperature([[2, -1], [-1, 3]], [1, 0, 0, 1]);
 */
export function fitMultiLabelTemperature(
  logits: readonly ArrayLike<number>[],
  targets: ArrayLike<number>,
  options: TemperatureOptions = {},
): number {
  const C = checkLogits(logits);
  checkTargets(targets, logits.length * C, (target) => target === 0 || target === 1);
  return temperatureOf((T) => sigmoidLoss(logits, targets, T), options);
}

/** @returns C, the width of every row. */
function checkLogits(logits: readonly ArrayLike<number>[]): number {
  if (logits.length === 0) refuse('There is nothing to calibrate on; pass at least one row.');
  const C = logits[0]!.length;
  for (const [n, row] of logits.entries()) {
    if (row.length !== C) refuse(`Row ${n} has ${row.length} logits; row 0 has ${C}.`);
    for (let c = 0; c < C; c++) {
      if (!Number.isFinite(row[c])) refuse(`Logit ${c} of row ${n} is ${show(row[c])}.`);
    }
  }
  return C;
}

function checkTargets(
  targets: ArrayLike<number>,
  length: number,
  isTarget: (target: number) => boolean,
): void {
  if (targets.length !== length) {
    refuse(`There are ${targets.length} targets; the logits need ${length}.`);
  }
  for (let i = 0; i < length; i++) {
    const target = targets[i]!;
    if (!(target >= 0 && isTarget(target))) refuse(`Target ${i} is ${show(target)}, not a class.`);
  }
}

/** Σ log Σ exp(z / T) - z[target] / T */
function softmaxLoss(
  logits: readonly ArrayLike<number>[],
  targets: ArrayLike<number>,
  T: number,
): number {
  let loss = 0;
  for (let n = 0; n < logits.length; n++) {
    const row = logits[n]!;
    let highest = row[0]!;
    for (let c = 1; c < row.length; c++) highest = Math.max(highest, row[c]!);
    let sum = 0;
    for (let c = 0; c < row.length; c++) sum += Math.exp((row[c]! - highest) / T);
    loss += Math.log(sum) + (highest - row[targets[n]!]!) / T;
  }
  return loss;
}

/** Σ max(x, 0) - x y + log(1 + e^-|x|) of x = z / T */
function sigmoidLoss(
  logits: readonly ArrayLike<number>[],
  targets: ArrayLike<number>,
  T: number,
): number {
  let loss = 0;
  let i = 0;
  for (const row of logits) {
    for (let c = 0; c < row.length; c++) {
      const x = row[c]! / T;
      loss += Math.max(x, 0) - x * targets[i++]! + Math.log1p(Math.exp(-Math.abs(x)));
    }
  }
  return loss;
}

/** The T of the lowest loss with the prior. */
function temperatureOf(
  lossAt: (T: number) => number,
  { priorRows = 10 }: TemperatureOptions,
): number {
  if (!(Number.isFinite(priorRows) && priorRows >= 0)) {
    refuse(`priorRows must be 0 or more, received ${show(priorRows)}.`);
  }
  const logT = minimize(
    (x) => lossAt(Math.exp(x)) + (priorRows / 2) * x * x,
    Math.log(LOWEST_TEMPERATURE),
    Math.log(HIGHEST_TEMPERATURE),
  );
  return Math.exp(logT);
}

/**
 * The lowest point of a function: the best of 13 points, then golden-section search around it. The
 * loss in log T is not convex, so a search from the ends alone could stop in the wrong valley.
 */
function minimize(f: (x: number) => number, from: number, to: number): number {
  const step = (to - from) / 12;
  const points = Array.from({ length: 13 }, (_, i) => from + i * step);
  const values = points.map(f);
  const best = points[values.indexOf(Math.min(...values))]!;
  let low = Math.max(from, best - step);
  let high = Math.min(to, best + step);
  const golden = (Math.sqrt(5) - 1) / 2;
  let [left, right] = [high - golden * (high - low), low + golden * (high - low)];
  let [atLeft, atRight] = [f(left), f(right)];
  while (high - low > 1e-6) {
    if (atLeft < atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - golden * (high - low);
      atLeft = f(left);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + golden * (high - low);
      atRight = f(right);
    }
  }
  return (low + high) / 2;
}
