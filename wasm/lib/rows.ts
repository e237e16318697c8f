// Reductions over one row of any length, and the fixed split of many rows into chunks.
//
// Two accumulators hide the latency of the additions; the order is fixed by the length alone.

import { at, laneMask, loadLanes, rowAt } from './address';
import { fma, hmax, hsum } from './math';

/**
 * Rows per chunk of every reduction across rows. A constant, never a function of the number of
 * threads: each chunk is summed alone, the chunks are added in order, so the bits do not change.
 */
export const ROWS_PER_CHUNK: i32 = 64;

/** {@link ROWS_PER_CHUNK}, for the host that shares out the chunks. */
export function rowsPerChunk(): i32 {
  return ROWS_PER_CHUNK;
}

/** How many chunks `rows` rows make. */
@inline
export function chunkCount(rows: i32): i32 {
  return (rows + ROWS_PER_CHUNK - 1) / ROWS_PER_CHUNK;
}

/** Bytes of a row of `D` floats that whole vectors cover; `D & 3` floats remain. */
@inline
export function vectorBytes(D: i32): usize {
  return (<usize>(D & ~3)) << 2;
}

/** The sum of a row. */
export function rowSum(x: usize, D: i32): f32 {
  const last = at(x, D);
  let even = f32x4.splat(0);
  let odd = even;
  for (; x + 32 <= last; x += 32) {
    even = f32x4.add(even, v128.load(x));
    odd = f32x4.add(odd, v128.load(x, 16));
  }
  if (D & 4) {
    even = f32x4.add(even, v128.load(x));
    x += 16;
  }
  if (D & 3) odd = f32x4.add(odd, loadLanes(x, D & 3));
  return hsum(f32x4.add(even, odd));
}

/** The sum of a b over a row. */
export function rowDot(a: usize, b: usize, D: i32): f32 {
  const last = at(a, D);
  let even = f32x4.splat(0);
  let odd = even;
  for (; a + 32 <= last; a += 32, b += 32) {
    even = fma(v128.load(a), v128.load(b), even);
    odd = fma(v128.load(a, 16), v128.load(b, 16), odd);
  }
  if (D & 4) {
    even = fma(v128.load(a), v128.load(b), even);
    a += 16;
    b += 16;
  }
  if (D & 3) odd = fma(loadLanes(a, D & 3), loadLanes(b, D & 3), odd);
  return hsum(f32x4.add(even, odd));
}

/** The sum of x - center over a row. */
export function rowSumFrom(x: usize, center: f32, D: i32): f32 {
  const last = at(x, D);
  const middle = f32x4.splat(center);
  let even = f32x4.splat(0);
  let odd = even;
  for (; x + 32 <= last; x += 32) {
    even = f32x4.add(even, f32x4.sub(v128.load(x), middle));
    odd = f32x4.add(odd, f32x4.sub(v128.load(x, 16), middle));
  }
  if (D & 4) {
    even = f32x4.add(even, f32x4.sub(v128.load(x), middle));
    x += 16;
  }
  if (D & 3) {
    const distance = f32x4.sub(loadLanes(x, D & 3), middle);
    odd = f32x4.add(odd, v128.and(distance, laneMask(D & 3)));
  }
  return hsum(f32x4.add(even, odd));
}

/** The sum of (x - center)^2 over a row. */
export function rowSquaresFrom(x: usize, center: f32, D: i32): f32 {
  const last = at(x, D);
  const middle = f32x4.splat(center);
  let even = f32x4.splat(0);
  let odd = even;
  for (; x + 32 <= last; x += 32) {
    const first = f32x4.sub(v128.load(x), middle);
    const second = f32x4.sub(v128.load(x, 16), middle);
    even = fma(first, first, even);
    odd = fma(second, second, odd);
  }
  if (D & 4) {
    const distance = f32x4.sub(v128.load(x), middle);
    even = fma(distance, distance, even);
    x += 16;
  }
  if (D & 3) {
    const distance = v128.and(f32x4.sub(loadLanes(x, D & 3), middle), laneMask(D & 3));
    odd = fma(distance, distance, odd);
  }
  return hsum(f32x4.add(even, odd));
}

/**
 * The mean of x - center, or of its square, where the sum of a row has left float32: each summand is
 * divided before it is added. Not fast; a NaN or Infinity of the row comes out as it does there.
 */
export function carefulMean(x: usize, center: f32, isSquare: bool, D: i32): f32 {
  const share: f32 = <f32>1 / (<f32>D);
  let mean: f32 = 0;
  for (let j = 0; j < D; j++) {
    const distance = load<f32>(at(x, j)) - center;
    mean += (isSquare ? distance * distance : distance) * share;
  }
  return mean;
}

/** Whether a number is neither NaN nor infinite. */
@inline
export function isFinite(value: f32): bool {
  return value - value == 0;
}

/** The largest number of a row, -Infinity for an empty one; may pass over a NaN. */
export function rowMax(x: usize, D: i32): f32 {
  const last = at(x, D);
  let even = f32x4.splat(-Infinity);
  let odd = even;
  for (; x + 32 <= last; x += 32) {
    even = f32x4.pmax(even, v128.load(x));
    odd = f32x4.pmax(odd, v128.load(x, 16));
  }
  if (D & 4) {
    even = f32x4.pmax(even, v128.load(x));
    x += 16;
  }
  let largest = hmax(f32x4.pmax(even, odd));
  for (; x < last; x += 4) {
    const value = load<f32>(x);
    if (value > largest) largest = value;
  }
  return largest;
}

/** Adds row `x` to row `sum`. */
export function addRow(x: usize, sum: usize, D: i32): void {
  const full = vectorBytes(D);
  let j: usize = 0;
  for (; j < full; j += 16) v128.store(sum + j, f32x4.add(v128.load(sum + j), v128.load(x + j)));
  for (const last = at(0, D); j < last; j += 4) {
    store<f32>(sum + j, load<f32>(sum + j) + load<f32>(x + j));
  }
}

/** Adds the rows of `x` (4, D) to row `sum`, one after the other: as `addRow` does, to the bit. */
export function addFourRows(x: usize, sum: usize, D: i32): void {
  const full = vectorBytes(D);
  const second = rowAt(x, 1, D);
  const third = rowAt(x, 2, D);
  const fourth = rowAt(x, 3, D);
  let j: usize = 0;
  for (; j < full; j += 16) {
    let total = f32x4.add(v128.load(sum + j), v128.load(x + j));
    total = f32x4.add(total, v128.load(second + j));
    total = f32x4.add(total, v128.load(third + j));
    v128.store(sum + j, f32x4.add(total, v128.load(fourth + j)));
  }
  for (const last = at(0, D); j < last; j += 4) {
    const total = load<f32>(sum + j) + load<f32>(x + j) + load<f32>(second + j);
    store<f32>(sum + j, total + load<f32>(third + j) + load<f32>(fourth + j));
  }
}

/** sum = a + b over a row. */
export function addRows(a: usize, b: usize, sum: usize, D: i32): void {
  const full = vectorBytes(D);
  let j: usize = 0;
  for (; j < full; j += 16) v128.store(sum + j, f32x4.add(v128.load(a + j), v128.load(b + j)));
  for (const last = at(0, D); j < last; j += 4) {
    store<f32>(sum + j, load<f32>(a + j) + load<f32>(b + j));
  }
}

/** Multiplies row `y` by row `x`, element by element. */
export function multiplyRow(x: usize, y: usize, D: i32): void {
  const full = vectorBytes(D);
  let j: usize = 0;
  for (; j < full; j += 16) v128.store(y + j, f32x4.mul(v128.load(y + j), v128.load(x + j)));
  for (const last = at(0, D); j < last; j += 4) {
    store<f32>(y + j, load<f32>(y + j) * load<f32>(x + j));
  }
}

/** y = factor x + shift over a row. y may be x. */
export function affineRow(x: usize, factor: f32, shift: f32, y: usize, D: i32): void {
  const last = at(x, D);
  const factors = f32x4.splat(factor);
  const shifts = f32x4.splat(shift);
  for (; x + 16 <= last; x += 16, y += 16) {
    v128.store(y, f32x4.add(f32x4.mul(factors, v128.load(x)), shifts));
  }
  for (; x < last; x += 4, y += 4) store<f32>(y, factor * load<f32>(x) + shift);
}
