// What a matrix product does to a row of C once its sums are complete: bias, activation.

import { activate, LINEAR } from './activation';
import { loadLanes, storeLanes } from './address';

@inline
function finish(table: usize, sum: v128, activation: i32): v128 {
  return activation == LINEAR ? sum : activate(table, activation, sum);
}

/**
 * row[j] = activation(row[j] + bias[j]) for `count` elements.
 *
 * @param bias 0 = none.
 * @param preActivation where row[j] + bias[j] goes as well; 0 = nowhere.
 */
export function finishRow(
  table: usize,
  row: usize,
  count: i32,
  bias: usize,
  activation: i32,
  preActivation: usize,
): void {
  const bytes = (<usize>count) << 2;
  const whole = bytes & ~15;
  let j: usize = 0;
  for (; j < whole; j += 16) {
    let sum = v128.load(row + j);
    if (bias) sum = f32x4.add(sum, v128.load(bias + j));
    if (preActivation) v128.store(preActivation + j, sum);
    v128.store(row + j, finish(table, sum, activation));
  }
  const rest = count & 3;
  if (rest == 0) return;
  let sum = loadLanes(row + j, rest);
  if (bias) sum = f32x4.add(sum, loadLanes(bias + j, rest));
  if (preActivation) storeLanes(preActivation + j, sum, rest);
  storeLanes(row + j, finish(table, sum, activation), rest);
}
