import { at, rowAt } from './lib/address';
import { rowSum } from './lib/rows';

/** y[row] = sum of row `row` of x (N, D), for the rows [begin, end). */
export function f32_rowSums(x: usize, y: usize, D: i32, begin: i32, end: i32): void {
  for (let row = begin; row < end; row++) store<f32>(at(y, row), rowSum(rowAt(x, row, D), D));
}
