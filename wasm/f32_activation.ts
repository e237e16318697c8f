// Activations and their gradients, by the codes of lib/activation.ts. Ranges are of elements.

import {
  ELU,
  GELU,
  GELU_TANH,
  LINEAR,
  RELU,
  RELU6,
  SIGMOID,
  SILU,
  TANH,
  activate,
} from './lib/activation';
import { activationSlope } from './lib/activationSlope';
import { at, loadLanes, storeLanes } from './lib/address';
import { constantTable } from './lib/constants';

/** y = activation(x) for the elements [begin, end). y may be x. */
export function f32_activation(code: i32, x: usize, y: usize, begin: i32, end: i32): void {
  // One loop per activation: within each the code is a constant and the choice folds away.
  if (code == RELU) map(RELU, x, y, begin, end);
  else if (code == GELU) map(GELU, x, y, begin, end);
  else if (code == GELU_TANH) map(GELU_TANH, x, y, begin, end);
  else if (code == TANH) map(TANH, x, y, begin, end);
  else if (code == SIGMOID) map(SIGMOID, x, y, begin, end);
  else if (code == SILU) map(SILU, x, y, begin, end);
  else if (code == RELU6) map(RELU6, x, y, begin, end);
  else if (code == ELU) map(ELU, x, y, begin, end);
  else map(LINEAR, x, y, begin, end);
}

/**
 * dx = dy activation'(x) for the elements [begin, end).
 *
 * @param x what went into the activation, for every code
 * @param dx may be dy or x itself
 */
export function f32_activationGrad(
  code: i32,
  x: usize,
  dy: usize,
  dx: usize,
  begin: i32,
  end: i32,
): void {
  if (code == RELU) mapGrad(RELU, x, dy, dx, begin, end);
  else if (code == GELU) mapGrad(GELU, x, dy, dx, begin, end);
  else if (code == GELU_TANH) mapGrad(GELU_TANH, x, dy, dx, begin, end);
  else if (code == TANH) mapGrad(TANH, x, dy, dx, begin, end);
  else if (code == SIGMOID) mapGrad(SIGMOID, x, dy, dx, begin, end);
  else if (code == SILU) mapGrad(SILU, x, dy, dx, begin, end);
  else if (code == RELU6) mapGrad(RELU6, x, dy, dx, begin, end);
  else if (code == ELU) mapGrad(ELU, x, dy, dx, begin, end);
  else mapGrad(LINEAR, x, dy, dx, begin, end);
}

@inline
function map(code: i32, x: usize, y: usize, begin: i32, end: i32): void {
  const table = constantTable();
  const last = at(0, end);
  let j = at(0, begin);
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
  const rest = (<i32>(last - j)) >> 2;
  if (rest > 0) storeLanes(y + j, activate(table, code, loadLanes(x + j, rest)), rest);
}

@inline
function mapGrad(code: i32, x: usize, dy: usize, dx: usize, begin: i32, end: i32): void {
  const table = constantTable();
  const last = at(0, end);
  let j = at(0, begin);
  for (; j + 16 <= last; j += 16) {
    const slope = inline.always(activationSlope(table, code, v128.load(x + j)));
    v128.store(dx + j, f32x4.mul(v128.load(dy + j), slope));
  }
  const rest = (<i32>(last - j)) >> 2;
  if (rest > 0) {
    const slope = activationSlope(table, code, loadLanes(x + j, rest));
    storeLanes(dx + j, f32x4.mul(loadLanes(dy + j, rest), slope), rest);
  }
}
