// What a matrix product does to a row of C once its sums are complete: bias, activation.

import { LINEAR } from './activation';
import { activateRow } from './activationRow';
import { loadLanes, storeLanes } from './address';

/**
 * row[j] = activation(row[j] + bias[j]) for `count` elements, in two passes over a row in the cache:
 * one that chose its activation at each vector would take twice as long.
 *
 * @param bias 0 = none.
 * @param preActivation where row[j] + bias[j] goes as well; 0 = nowhere.
 */
export function finishRow(
  row: usize,
  count: i32,
  bias: usize,
  activation: i32,
  preActivation: usize,
): void {
  if (bias || preActivation) addBias(row, count, bias, preActivation);
  if (activation != LINEAR) activateRow(activation, row, row, count);
}

@inline
function addBias(row: usize, count: i32, bias: usize, preActivation: usize): void {
  const bytes = (<usize>count) << 2;
  const whole = bytes & ~15;
  let j: usize = 0;
  for (; j < whole; j += 16) {
    let sum = v128.load(row + j);
    if (bias) sum = f32x4.add(sum, v128.load(bias + j));
    if (preActivation) v128.store(preActivation + j, sum);
    v128.store(row + j, sum);
  }
  const rest = count & 3;
  if (rest == 0) return;
  let sum = loadLanes(row + j, rest);
  if (bias) sum = f32x4.add(sum, loadLanes(bias + j, rest));
  if (preActivation) storeLanes(preActivation + j, sum, rest);
  storeLanes(row + j, sum, rest);
}
