// The row sweeps that softmax and its losses share: e^(x - max) and its sum.

import { at, laneMask, loadLanes, storeLanes } from './address';
import { LOG2_E } from './constants';
import { exp2NonPositive, hsum } from './math';

/** e^(x - largest) for x <= largest; the difference first, so that no digits of x are lost. */
@inline
function exponential(table: usize, x: v128, largest: v128): v128 {
  return exp2NonPositive(table, f32x4.mul(f32x4.sub(x, largest), v128.load(table, LOG2_E)));
}

/** y = e^(x - largest) over a row; returns the sum. y may be x. */
export function storeExponentials(table: usize, x: usize, y: usize, D: i32, largest: f32): f32 {
  const last = at(x, D);
  const top = f32x4.splat(largest);
  let even = f32x4.splat(0);
  let odd = even;
  for (; x + 32 <= last; x += 32, y += 32) {
    const first = exponential(table, v128.load(x), top);
    const second = exponential(table, v128.load(x, 16), top);
    even = f32x4.add(even, first);
    odd = f32x4.add(odd, second);
    v128.store(y, first);
    v128.store(y, second, 16);
  }
  if (D & 4) {
    const value = exponential(table, v128.load(x), top);
    even = f32x4.add(even, value);
    v128.store(y, value);
    x += 16;
    y += 16;
  }
  const rest = D & 3;
  if (rest) {
    const value = exponential(table, loadLanes(x, rest), top);
    odd = f32x4.add(odd, v128.and(value, laneMask(rest)));
    storeLanes(y, value, rest);
  }
  return hsum(f32x4.add(even, odd));
}

/** The sum of e^(x - largest) over a row, the same bits as {@link storeExponentials} returns. */
export function sumExponentials(table: usize, x: usize, D: i32, largest: f32): f32 {
  const last = at(x, D);
  const top = f32x4.splat(largest);
  let even = f32x4.splat(0);
  let odd = even;
  for (; x + 32 <= last; x += 32) {
    even = f32x4.add(even, exponential(table, v128.load(x), top));
    odd = f32x4.add(odd, exponential(table, v128.load(x, 16), top));
  }
  if (D & 4) {
    even = f32x4.add(even, exponential(table, v128.load(x), top));
    x += 16;
  }
  const rest = D & 3;
  if (rest) {
    const value = exponential(table, loadLanes(x, rest), top);
    odd = f32x4.add(odd, v128.and(value, laneMask(rest)));
  }
  return hsum(f32x4.add(even, odd));
}
