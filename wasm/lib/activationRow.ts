// A row of activations in one pass: for the activation itself and for what ends a matrix product.

import { ELU, GELU, GELU_TANH, LINEAR, RELU, RELU6, SIGMOID, SILU, TANH, activate } from './activation';
import { at, loadLanes, storeLanes } from './address';
import { constantTable } from './constants';

/** y[j] = activation(x[j]) for `count` elements. y may be x. */
export function activateRow(code: i32, x: usize, y: usize, count: i32): void {
  // One loop per activation: within each the code is a constant and the choice folds away.
  if (code == RELU) map(RELU, x, y, count);
  else if (code == GELU) map(GELU, x, y, count);
  else if (code == GELU_TANH) map(GELU_TANH, x, y, count);
  else if (code == TANH) map(TANH, x, y, count);
  else if (code == SIGMOID) map(SIGMOID, x, y, count);
  else if (code == SILU) map(SILU, x, y, count);
  else if (code == RELU6) map(RELU6, x, y, count);
  else if (code == ELU) map(ELU, x, y, count);
  else map(LINEAR, x, y, count);
}

@inline
function map(code: i32, x: usize, y: usize, count: i32): void {
  const table = constantTable();
  const last = at(0, count);
  let j: usize = 0;
  if (code == RELU || code == RELU6) {
    // So little to compute that the loop itself counts.
    for (; j + 64 <= last; j += 64) {
      v128.store(y + j, inline.always(activate(table, code, v128.load(x + j))));
      v128.store(y + j, inline.always(activate(table, code, v128.load(x + j, 16))), 16);
      v128.store(y + j, inline.always(activate(table, code, v128.load(x + j, 32))), 32);
      v128.store(y + j, inline.always(activate(table, code, v128.load(x + j, 48))), 48);
    }
  }
  for (; j + 16 <= last; j += 16) {
    v128.store(y + j, inline.always(activate(table, code, v128.load(x + j))));
  }
  const rest = count & 3;
  if (rest > 0) storeLanes(y + j, activate(table, code, loadLanes(x + j, rest)), rest);
}
