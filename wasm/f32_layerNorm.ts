// Layer normalization (Ba, Kiros, Hinton 2016), optionally of a sum: x + residual.
//
//   y = (x - mean) / sqrt(variance + epsilon) * gamma + beta        over the last axis

import { at, laneMask, loadLanes, rowAt, smaller, storeLanes, zeroFill } from './lib/address';
import { fma, fnma, hsum } from './lib/math';
import {
  ROWS_PER_CHUNK,
  addRows,
  carefulMean,
  chunkCount,
  isFinite,
  rowSquaresFrom,
  rowSum,
  vectorBytes,
} from './lib/rows';

/**
 * Rows [begin, end) of y = layerNorm(x + residual).
 *
 * @param x (N, D)
 * @param residual (N, D), or 0: nothing is added
 * @param sum (N, D), receives x + residual (may be x or residual itself); not used without a residual
 * @param gamma (D)
 * @param beta (D)
 * @param y (N, D)
 * @param stats (N, 2), receives the mean and 1 / sqrt(variance + epsilon) for the gradient
 */
export function f32_layerNorm(
  x: usize,
  residual: usize,
  sum: usize,
  gamma: usize,
  beta: usize,
  y: usize,
  stats: usize,
  D: i32,
  epsilon: f32,
  begin: i32,
  end: i32,
): void {
  const perColumn: f32 = <f32>1 / (<f32>D);
  for (let row = begin; row < end; row++) {
    let source = rowAt(x, row, D);
    if (residual) {
      const total = rowAt(sum, row, D);
      addRows(source, rowAt(residual, row, D), total, D);
      source = total;
    }
    let mean = rowSum(source, D) * perColumn;
    let variance = rowSquaresFrom(source, mean, D) * perColumn;
    if (!isFinite(variance)) {
      mean = carefulMean(source, 0, false, D);
      variance = carefulMean(source, mean, true, D);
    }
    const inverse: f32 = <f32>1 / sqrt<f32>(variance + epsilon);
    store<f32>(rowAt(stats, row, 2), mean);
    store<f32>(rowAt(stats, row, 2), inverse, 4);
    normalizeRow(source, gamma, beta, rowAt(y, row, D), D, mean, inverse);
  }
}

function normalizeRow(
  x: usize,
  gamma: usize,
  beta: usize,
  y: usize,
  D: i32,
  mean: f32,
  inverse: f32,
): void {
  const middle = f32x4.splat(mean);
  const factor = f32x4.splat(inverse);
  const full = vectorBytes(D);
  let j: usize = 0;
  for (; j < full; j += 16) {
    const hat = f32x4.mul(f32x4.sub(v128.load(x + j), middle), factor);
    v128.store(y + j, fma(hat, v128.load(gamma + j), v128.load(beta + j)));
  }
  const rest = D & 3;
  if (rest) {
    const hat = f32x4.mul(f32x4.sub(loadLanes(x + j, rest), middle), factor);
    storeLanes(y + j, fma(hat, loadLanes(gamma + j, rest), loadLanes(beta + j, rest)), rest);
  }
}

/** Bytes of the partial sums that {@link f32_layerNormGrad} writes: (chunks, 2, D). */
export function f32_layerNormGradPartialBytes(N: i32, D: i32): usize {
  return rowAt(0, chunkCount(N), 2 * D);
}

/**
 * The gradient of layerNorm, phase 1, for the chunks of rows [beginChunk, endChunk):
 *
 *   g = dy gamma,  hat = (x - mean) inverse
 *   dx = inverse (g - mean(g) - hat mean(g hat)) + dSum
 *   partials[chunk] = (sum of dy hat, sum of dy) over the rows of the chunk
 *
 * Phase 2 is `f32_sumPartials` with stride 2 D: from `partials` to dgamma, from `partials + 4 D` to
 * dbeta. With a residual, dx is the gradient of both summands.
 *
 * @param x (N, D), what was normalized: `sum` where there was a residual
 * @param dy (N, D)
 * @param dSum (N, D), a gradient that reaches `sum` on another way, or 0
 * @param gamma (D)
 * @param stats (N, 2), from the forward pass
 * @param dx (N, D); may be dy or dSum itself
 * @param partials (chunks, 2, D)
 */
export function f32_layerNormGrad(
  x: usize,
  dy: usize,
  dSum: usize,
  gamma: usize,
  stats: usize,
  dx: usize,
  partials: usize,
  N: i32,
  D: i32,
  beginChunk: i32,
  endChunk: i32,
): void {
  for (let chunk = beginChunk; chunk < endChunk; chunk++) {
    const dgamma = rowAt(partials, chunk, 2 * D);
    zeroFill(dgamma, 2 * D);
    const first = chunk * ROWS_PER_CHUNK;
    const last = smaller(first + ROWS_PER_CHUNK, N);
    for (let row = first; row < last; row++) {
      const offset = rowAt(0, row, D);
      const stat = rowAt(stats, row, 2);
      const other = dSum ? dSum + offset : 0;
      rowGradient(x + offset, dy + offset, gamma, stat, dx + offset, other, dgamma, D);
    }
  }
}

function rowGradient(
  x: usize,
  dy: usize,
  gamma: usize,
  stat: usize,
  dx: usize,
  dSum: usize,
  dgamma: usize,
  D: i32,
): void {
  const middle = v128.load32_splat(stat);
  const factor = v128.load32_splat(stat, 4);
  const dbeta = at(dgamma, D);
  const full = vectorBytes(D);
  const rest = D & 3;
  let sum = f32x4.splat(0);
  let dot = sum;
  let j: usize = 0;
  for (; j < full; j += 16) {
    const d = v128.load(dy + j);
    const hat = f32x4.mul(f32x4.sub(v128.load(x + j), middle), factor);
    const g = f32x4.mul(d, v128.load(gamma + j));
    sum = f32x4.add(sum, g);
    dot = fma(g, hat, dot);
    v128.store(dgamma + j, fma(d, hat, v128.load(dgamma + j)));
    v128.store(dbeta + j, f32x4.add(d, v128.load(dbeta + j)));
  }
  if (rest) {
    const d = loadLanes(dy + j, rest);
    const distance = f32x4.sub(loadLanes(x + j, rest), middle);
    const hat = v128.and(f32x4.mul(distance, factor), laneMask(rest));
    const g = f32x4.mul(d, loadLanes(gamma + j, rest));
    sum = f32x4.add(sum, g);
    dot = fma(g, hat, dot);
    storeLanes(dgamma + j, fma(d, hat, loadLanes(dgamma + j, rest)), rest);
    storeLanes(dbeta + j, f32x4.add(d, loadLanes(dbeta + j, rest)), rest);
  }
  const meanOfG = f32x4.splat(hsum(sum) / (<f32>D));
  const meanOfDot = f32x4.splat(hsum(dot) / (<f32>D));
  for (j = 0; j < full; j += 16) {
    const hat = f32x4.mul(f32x4.sub(v128.load(x + j), middle), factor);
    const g = f32x4.sub(f32x4.mul(v128.load(dy + j), v128.load(gamma + j)), meanOfG);
    const other = dSum ? v128.load(dSum + j) : f32x4.splat(0);
    v128.store(dx + j, fma(factor, fnma(hat, meanOfDot, g), other));
  }
  if (rest) {
    const hat = f32x4.mul(f32x4.sub(loadLanes(x + j, rest), middle), factor);
    const g = f32x4.sub(f32x4.mul(loadLanes(dy + j, rest), loadLanes(gamma + j, rest)), meanOfG);
    const other = dSum ? loadLanes(dSum + j, rest) : f32x4.splat(0);
    storeLanes(dx + j, fma(factor, fnma(hat, meanOfDot, g), other), rest);
  }
}
