// Activations and their gradients, by the codes of lib/activation.ts. Ranges are of elements.

import { ELU, GELU, GELU_TANH, LINEAR, RELU, RELU6, SIGMOID, SILU, TANH } from './lib/activation';
import { activateRow } from './lib/activationRow';
import { activationSlope } from './lib/activationSlope';
import { at, loadLanes, storeLanes } from './lib/address';
import { constantTable } from './lib/constants';

/** y = activation(x) for the elements [begin, end). y may be x. */
export function f32_activation(code: i32, x: usize, y: usize, begin: i32, end: i32): void {
  activateRow(code, at(x, begin), at(y, begin), end - begin);
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
  // One loop per activation: within each the code is a constant and the choice folds away.
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
