// The dropout mask: a counter-based hash, so that forward and backward, any SIMD width and any
// number of threads agree without storing a mask. 64 bits of key per row, the column is the counter:
//
//   h = column * 0x9e3779b9 + key0
//   h = (h ^ h >>> 16) * 0x7feb352d ^ key1
//   h = (h ^ h >>> 15) * 0x846ca68b
//   h =  h ^ h >>> 16
//
// (the two-multiplication mixer of C. Wellons, "Prospecting for hash functions", with a second key
// between its rounds). An element is kept where h, as a signed number, is above `dropLimit(rate)`.

import { HASH_FIRST, HASH_SECOND } from './constants';

const GOLDEN: u32 = 0x9e3779b9;

/** Mixes one 32-bit word (the same mixer, without the second key). */
@inline
export function mix(word: u32): u32 {
  let h = word;
  h = (h ^ (h >> 16)) * 0x7feb352d;
  h = (h ^ (h >> 15)) * 0x846ca68b;
  return h ^ (h >> 16);
}

/** The first key of a row: of a seed, a unit (batch x head, or 0) and a row within it. */
@inline
export function rowKey(seed: u32, unit: u32, row: u32): u32 {
  return mix(mix(mix(seed ^ GOLDEN) + unit) + row);
}

/** The second key of a row, independent of the first. */
@inline
export function secondRowKey(seed: u32, unit: u32, row: u32): u32 {
  return mix(mix(mix(seed + 0x632be5ab) ^ row) + unit);
}

/** The counters of four columns from `column` on; the next four are `HASH_STEP` further. */
@inline
export function columnCounters(column: i32, key: u32): v128 {
  const columns = i32x4.add(i32x4(0, 1, 2, 3), i32x4.splat(column));
  return i32x4.add(i32x4.mul(columns, i32x4.splat(GOLDEN)), i32x4.splat(key));
}

/** The hashes of four counters under the second key. */
@inline
export function hash(table: usize, counters: v128, secondKey: v128): v128 {
  let h = v128.xor(counters, i32x4.shr_u(counters, 16));
  h = v128.xor(i32x4.mul(h, v128.load(table, HASH_FIRST)), secondKey);
  h = v128.xor(h, i32x4.shr_u(h, 15));
  h = i32x4.mul(h, v128.load(table, HASH_SECOND));
  return v128.xor(h, i32x4.shr_u(h, 16));
}

/** The largest signed hash that drops its element, for a rate in [0, 1): floor(rate 2^32) values drop. */
@inline
export function dropLimit(rate: f32): i32 {
  return <i32>max<f64>(floor<f64>((<f64>rate) * 4294967296) - 2147483649, -2147483648);
}
