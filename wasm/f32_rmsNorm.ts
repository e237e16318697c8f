// Root-mean-square normalization (Zhang and Sennrich 2019), optionally of a sum: x + residual.
//
//   y = x / sqrt(mean(x^2) + epsilon) * gamma        over the last axis

import { laneMask, loadLanes, rowAt, smaller, storeLanes, zeroFill } from './lib/address';
import { fma, fnma, hsum } from './lib/math';
import {
  ROWS_PER_CHUNK,
  addRows,
  carefulMean,
  chunkCount,
  isFinite,
  rowDot,
  vectorBytes,
} from './lib/rows';

/**
 * Rows [begin, end) of y = rmsNorm(x + residual).
 *
 * @param x (N, D)
 * @param residual (N, D), or 0: nothing is added
 * @param sum (N, D), receives x + residual (may be x or residual itself); not used without a residual
 * @param gamma (D)
 * @param y (N, D)
 * @param inverses (N), receives 1 / sqrt(mean(x^2) + epsilon) for the gradient
 */
export function f32_rmsNorm(
  x: usize,
  residual: usize,
  sum: usize,
  gamma: usize,
  y: usize,
  inverses: usize,
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
    let square = rowDot(source, source, D) * perColumn;
    if (!isFinite(square)) square = carefulMean(source, 0, true, D);
    const inverse: f32 = <f32>1 / sqrt<f32>(square + epsilon);
    store<f32>(rowAt(inverses, row, 1), inverse);
    scaleRow(source, gamma, rowAt(y, row, D), D, inverse);
  }
}

function scaleRow(x: usize, gamma: usize, y: usize, D: i32, inverse: f32): void {
  const factor = f32x4.splat(inverse);
  const full = vectorBytes(D);
  let j: usize = 0;
  for (; j < full; j += 16) {
    const hat = f32x4.mul(v128.load(x + j), factor);
    v128.store(y + j, f32x4.mul(hat, v128.load(gamma + j)));
  }
  const rest = D & 3;
  if (rest) {
    const hat = f32x4.mul(loadLanes(x + j, rest), factor);
    storeLanes(y + j, f32x4.mul(hat, loadLanes(gamma + j, rest)), rest);
  }
}

/** Bytes of the partial sums that {@link f32_rmsNormGrad} writes: (chunks, D). */
export function f32_rmsNormGradPartialBytes(N: i32, D: i32): usize {
  return rowAt(0, chunkCount(N), D);
}

/**
 * The gradient of rmsNorm, phase 1, for the chunks of rows [beginChunk, endChunk):
 *
 *   g = dy gamma,  hat = x inverse
 *   dx = inverse (g - hat mean(g hat)) + dSum
 *   partials[chunk] = sum of dy hat over the rows of the chunk
 *
 * Phase 2 is `f32_sumPartials` with stride D, from `partials` to dgamma. With a residual, dx is the
 * gradient of both summands.
 *
 * @param x (N, D), what was normalized: `sum` where there was a residual
 * @param dy (N, D)
 * @param dSum (N, D), a gradient that reaches `sum` on another way, or 0
 * @param gamma (D)
 * @param inverses (N), from the forward pass
 * @param dx (N, D); may be dy or dSum itself
 * @param partials (chunks, D)
 */
export function f32_rmsNormGrad(
  x: usize,
  dy: usize,
  dSum: usize,
  gamma: usize,
  inverses: usize,
  dx: usize,
  partials: usize,
  N: i32,
  D: i32,
  beginChunk: i32,
  endChunk: i32,
): void {
  for (let chunk = beginChunk; chunk < endChunk; chunk++) {
    const dgamma = rowAt(partials, chunk, D);
    zeroFill(dgamma, D);
    const first = chunk * ROWS_PER_CHUNK;
    const last = smaller(first + ROWS_PER_CHUNK, N);
    for (let row = first; row < last; row++) {
      const offset = rowAt(0, row, D);
      const inverse = load<f32>(rowAt(inverses, row, 1));
      const other = dSum ? dSum + offset : 0;
      rowGradient(x + offset, dy + offset, gamma, inverse, dx + offset, other, dgamma, D);
    }
  }
}

function rowGradient(
  x: usize,
  dy: usize,
  gamma: usize,
  inverse: f32,
  dx: usize,
  dSum: usize,
  dgamma: usize,
  D: i32,
): void {
  const factor = f32x4.splat(inverse);
  const full = vectorBytes(D);
  const rest = D & 3;
  let dot = f32x4.splat(0);
  let j: usize = 0;
  for (; j < full; j += 16) {
    const weighted = f32x4.mul(v128.load(dy + j), f32x4.mul(v128.load(x + j), factor));
    dot = fma(weighted, v128.load(gamma + j), dot);
    v128.store(dgamma + j, f32x4.add(weighted, v128.load(dgamma + j)));
  }
  if (rest) {
    const hat = v128.and(f32x4.mul(loadLanes(x + j, rest), factor), laneMask(rest));
    const weighted = f32x4.mul(loadLanes(dy + j, rest), hat);
    dot = fma(weighted, loadLanes(gamma + j, rest), dot);
    storeLanes(dgamma + j, f32x4.add(weighted, loadLanes(dgamma + j, rest)), rest);
  }
  const meanOfDot = f32x4.splat(hsum(dot) / (<f32>D));
  for (j = 0; j < full; j += 16) {
    const hat = f32x4.mul(v128.load(x + j), factor);
    const g = f32x4.mul(v128.load(dy + j), v128.load(gamma + j));
    const other = dSum ? v128.load(dSum + j) : f32x4.splat(0);
    v128.store(dx + j, fma(factor, fnma(hat, meanOfDot, g), other));
  }
  if (rest) {
    const hat = f32x4.mul(loadLanes(x + j, rest), factor);
    const g = f32x4.mul(loadLanes(dy + j, rest), loadLanes(gamma + j, rest));
    const other = dSum ? loadLanes(dSum + j, rest) : f32x4.splat(0);
    storeLanes(dx + j, fma(factor, fnma(hat, meanOfDot, g), other), rest);
  }
}
