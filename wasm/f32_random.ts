// Random numbers for initializers, a function of the seed and the element's index (lib/hash.ts).
//
// No fused multiply-add and no platform mathematics: the same bits in every build and runtime.

import { at } from './lib/address';
import { HASH_STEP, constantTable } from './lib/constants';
import { columnCounters, hash, rowKey, secondRowKey } from './lib/hash';
import { storeCount } from './lib/lanes';
import { normalQuantile } from './lib/normal';

/** The unit of lib/hash.ts that is ours; attention counts from 0, dropout has the last. */
const UNIT: u32 = 0xfffffffe;

/** Elements [begin, end) of y, uniform in [low, high) up to rounding, 24 random bits each. */
export function f32_randomUniform(
  y: usize,
  seed: i32,
  low: f32,
  high: f32,
  begin: i32,
  end: i32,
): void {
  const table = constantTable();
  const secondKey = i32x4.splat(secondRowKey(seed, UNIT, 0));
  const width = f32x4.splat(high - low);
  const base = f32x4.splat(low);
  let counters = columnCounters(begin, rowKey(seed, UNIT, 0));
  for (let i = begin; i < end; i += 4) {
    const bits = i32x4.shr_u(hash(table, counters, secondKey), 8);
    const unit = f32x4.mul(f32x4.convert_i32x4_s(bits), f32x4.splat(<f32>(1.0 / 16777216)));
    const value = f32x4.add(f32x4.mul(unit, width), base);
    storeCount(at(y, i), value, end - i < 4 ? end - i : 4);
    counters = i32x4.add(counters, v128.load(table, HASH_STEP));
  }
}

/** Elements [begin, end) of y from the normal distribution, within 5.3 standard deviations. */
export function f32_randomNormal(
  y: usize,
  seed: i32,
  mean: f32,
  standardDeviation: f32,
  begin: i32,
  end: i32,
): void {
  const table = constantTable();
  const secondKey = i32x4.splat(secondRowKey(seed, UNIT, 0));
  const factor = f32x4.splat(standardDeviation);
  const middle = f32x4.splat(mean);
  let counters = columnCounters(begin, rowKey(seed, UNIT, 0));
  for (let i = begin; i < end; i += 4) {
    // An odd number of 24 bits with its sign: uniform in (-1, 1), exact, and never an end or zero.
    const bits = v128.or(i32x4.shr_s(hash(table, counters, secondKey), 8), i32x4.splat(1));
    const uniform = f32x4.mul(f32x4.convert_i32x4_s(bits), f32x4.splat(<f32>(1.0 / 8388608)));
    const value = f32x4.add(f32x4.mul(normalQuantile(table, uniform), factor), middle);
    storeCount(at(y, i), value, end - i < 4 ? end - i : 4);
    counters = i32x4.add(counters, v128.load(table, HASH_STEP));
  }
}
