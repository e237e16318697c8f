// Softmax cross-entropy, the loss and its gradient in one sweep. Ranges are of rows.
//
//   loss = weight sum_j t_j (log sum_i e^(z_i) - z_j),   t' = (1 - smoothing) t + smoothing / V
//   dz   = gradScale weight (softmax(z) sum_j t_j - t)

import { at, loadLanes, rowAt, storeLanes, zeroFill } from './lib/address';
import { constantTable } from './lib/constants';
import { fma, fnma, hsum, logScalar } from './lib/math';
import {
  affineRow,
  carefulMean,
  isFinite,
  rowMax,
  rowSum,
  rowSumFrom,
  vectorBytes,
} from './lib/rows';
import { storeExponentials, sumExponentials } from './lib/softmaxRow';

/**
 * Rows [begin, end) of the loss for labels that are class numbers. Returns the first row whose label
 * is neither in [0, V) nor `ignoreIndex` (its loss and gradient are NaN), or -1.
 *
 * @param logits (N, V)
 * @param labels (N) int32; `ignoreIndex` makes a row's loss and gradient zero
 * @param weights (N), one factor per row, or 0: all 1
 * @param losses (N)
 * @param gradient (N, V), may be logits, or 0: not computed
 * @param smoothing label smoothing in [0, 1]
 * @param gradScale what each row's gradient is multiplied with, for a mean 1 / N
 */
export function f32_softmaxCrossEntropy(
  logits: usize,
  labels: usize,
  weights: usize,
  losses: usize,
  gradient: usize,
  V: i32,
  ignoreIndex: i32,
  smoothing: f32,
  gradScale: f32,
  begin: i32,
  end: i32,
): i32 {
  let firstBad = -1;
  for (let row = begin; row < end; row++) {
    const label = load<i32>(at(labels, row));
    const target = gradient ? rowAt(gradient, row, V) : 0;
    let loss: f32 = 0;
    if (label == ignoreIndex) {
      if (target) zeroFill(target, V);
    } else if (<u32>label >= <u32>V) {
      if (firstBad < 0) firstBad = row;
      loss = NaN;
      if (target) for (let j = 0; j < V; j++) store<f32>(at(target, j), NaN);
    } else {
      const weight: f32 = weights ? load<f32>(at(weights, row)) : 1;
      const gradWeight = weight * gradScale;
      loss = sparseRow(rowAt(logits, row, V), label, target, V, smoothing, weight, gradWeight);
    }
    store<f32>(at(losses, row), loss);
  }
  return firstBad;
}

function sparseRow(
  logits: usize,
  label: i32,
  gradient: usize,
  V: i32,
  smoothing: f32,
  weight: f32,
  gradWeight: f32,
): f32 {
  const table = constantTable();
  const largest = rowMax(logits, V);
  // Read before the gradient may overwrite them.
  const chosen = load<f32>(at(logits, label)) - largest;
  let mean: f32 = smoothing != 0 ? rowSumFrom(logits, largest, V) / (<f32>V) : 0;
  if (!isFinite(mean)) mean = carefulMean(logits, largest, false, V);
  const sum = gradient
    ? storeExponentials(table, logits, gradient, V, largest)
    : sumExponentials(table, logits, V, largest);
  if (gradient) {
    affineRow(gradient, gradWeight / sum, -gradWeight * smoothing / (<f32>V), gradient, V);
    const place = at(gradient, label);
    store<f32>(place, load<f32>(place) - gradWeight * (1 - smoothing));
  }
  const logOfSum = logScalar(table, sum);
  const keep: f32 = 1 - smoothing;
  let loss = keep * (logOfSum - chosen);
  if (smoothing != 0) loss += smoothing * (logOfSum - mean);
  return weight * loss;
}

/**
 * Rows [begin, end) of the loss for targets that are distributions over the classes.
 *
 * @param logits (N, V)
 * @param targets (N, V), usually with rows that add up to 1
 * @param weights (N), one factor per row, or 0: all 1
 * @param losses (N)
 * @param gradient (N, V), may be logits but not targets, or 0: not computed
 */
export function f32_softmaxCrossEntropyDense(
  logits: usize,
  targets: usize,
  weights: usize,
  losses: usize,
  gradient: usize,
  V: i32,
  smoothing: f32,
  gradScale: f32,
  begin: i32,
  end: i32,
): void {
  const table = constantTable();
  const keep: f32 = 1 - smoothing;
  const floor: f32 = V > 0 ? smoothing / (<f32>V) : 0;
  for (let row = begin; row < end; row++) {
    const z = rowAt(logits, row, V);
    const t = rowAt(targets, row, V);
    const weight: f32 = weights ? load<f32>(at(weights, row)) : 1;
    const largest = rowMax(z, V);
    const sum = sumExponentials(table, z, V, largest);
    const loss = denseLoss(z, t, V, keep, floor, largest, logScalar(table, sum));
    store<f32>(at(losses, row), weight * loss);
    if (gradient) {
      const target = rowAt(gradient, row, V);
      const total = keep * rowSum(t, V) + floor * (<f32>V);
      storeExponentials(table, z, target, V, largest);
      denseGradient(target, t, V, keep, floor, total / sum, weight * gradScale);
    }
  }
}

/** The sum of (keep t + floor) (logOfSum - (z - largest)). */
function denseLoss(
  z: usize,
  t: usize,
  V: i32,
  keep: f32,
  floor: f32,
  largest: f32,
  logOfSum: f32,
): f32 {
  const keeps = f32x4.splat(keep);
  const floors = f32x4.splat(floor);
  const top = f32x4.splat(largest);
  const log = f32x4.splat(logOfSum);
  const full = vectorBytes(V);
  let sum = f32x4.splat(0);
  let j: usize = 0;
  for (; j < full; j += 16) {
    const cost = f32x4.sub(log, f32x4.sub(v128.load(z + j), top));
    sum = fma(fma(keeps, v128.load(t + j), floors), cost, sum);
  }
  let loss = hsum(sum);
  for (const last = at(0, V); j < last; j += 4) {
    loss += (keep * load<f32>(t + j) + floor) * (logOfSum - (load<f32>(z + j) - largest));
  }
  return loss;
}

/** gradient = gradWeight (gradient factor - (keep t + floor)), from the exponentials in place. */
function denseGradient(
  gradient: usize,
  t: usize,
  V: i32,
  keep: f32,
  floor: f32,
  factor: f32,
  gradWeight: f32,
): void {
  const keeps = f32x4.splat(keep);
  const floors = f32x4.splat(floor);
  const factors = f32x4.splat(factor);
  const gradWeights = f32x4.splat(gradWeight);
  const full = vectorBytes(V);
  let j: usize = 0;
  for (; j < full; j += 16) {
    const p = f32x4.mul(factors, v128.load(gradient + j));
    const d = f32x4.sub(fnma(keeps, v128.load(t + j), p), floors);
    v128.store(gradient + j, f32x4.mul(gradWeights, d));
  }
  const rest = V & 3;
  if (rest) {
    const p = f32x4.mul(factors, loadLanes(gradient + j, rest));
    const d = f32x4.sub(fnma(keeps, loadLanes(t + j, rest), p), floors);
    storeLanes(gradient + j, f32x4.mul(gradWeights, d), rest);
  }
}
