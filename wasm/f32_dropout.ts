// Dropout (Srivastava et al. 2014), inverted: y = x mask / (1 - rate).
//
// The mask is a hash of the seed and the element's index (lib/hash.ts), so it is never stored: the
// gradient is the same kernel on dy with the same seed.

import { at } from './lib/address';
import { HASH_STEP, constantTable } from './lib/constants';
import { columnCounters, dropLimit, hash, rowKey, secondRowKey } from './lib/hash';
import { loadCount, storeCount } from './lib/lanes';

/** The unit of lib/hash.ts that is ours; attention counts its units from 0. */
const UNIT: u32 = 0xffffffff;

/**
 * Elements [begin, end) of y = x mask / (1 - rate). A dropped NaN stays NaN, as in the product.
 *
 * @param y may be x
 * @param seed 32 bits; another one for each layer and step
 * @param rate the share that is dropped, in [0, 1); 0 copies
 */
export function f32_dropout(x: usize, y: usize, seed: i32, rate: f32, begin: i32, end: i32): void {
  const offset = at(0, begin);
  if (rate == 0) {
    memory.copy(y + offset, x + offset, at(0, end - begin));
    return;
  }
  const table = constantTable();
  const secondKey = i32x4.splat(secondRowKey(seed, UNIT, 0));
  const limit = i32x4.splat(dropLimit(rate));
  const scale = f32x4.splat(<f32>1 / (1 - rate));
  let counters = columnCounters(begin, rowKey(seed, UNIT, 0));
  const last = at(0, end);
  let j = offset;
  for (; j + 16 <= last; j += 16) {
    const kept = i32x4.gt_s(hash(table, counters, secondKey), limit);
    v128.store(y + j, f32x4.mul(v128.load(x + j), v128.and(scale, kept)));
    counters = i32x4.add(counters, v128.load(table, HASH_STEP));
  }
  const rest = (<i32>(last - j)) >> 2;
  if (rest > 0) {
    const kept = i32x4.gt_s(hash(table, counters, secondKey), limit);
    storeCount(y + j, f32x4.mul(loadCount(x + j, rest), v128.and(scale, kept)), rest);
  }
}
