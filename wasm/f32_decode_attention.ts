// Attention of one token over the keys and values of a head, straight from the cache.

import {
  closeRow,
  exponentiateRow,
  levelRow,
  rowShift,
  scaleRow,
  STEEP,
} from './f32_attention_row';
import { addRows, dotRows } from './f32_gemv';
import { at, roundUp, rowAt, zeroFill } from './lib/address';
import { constantTable, LOG2_E } from './lib/constants';

/** Rows that are read side by side, each in a part of the cache of its own. */
const PARTS: i32 = 8;
/** Floats of a part from which on this pays: a page of memory. */
const PART_FLOATS: i32 = 1024;

/** Bytes of scratch for `attendToken`. */
export function attendTokenScratchBytes(keys: i32): usize {
  return (<usize>roundUp(keys, 4)) << 2;
}

/**
 * output = softmax(query key^T / sqrt(d)) value for `heads` query heads that share their keys.
 *
 * A long row of keys comes out of memory faster from several places at once than from one. So it is
 * walked in eight parts, side by side, and the scores stand in that order; what is left over follows.
 *
 * @param query [heads, d]
 * @param key [keys, d]
 * @param value [keys, d]
 * @param output [heads, d]
 */
export function attendToken(
  query: usize,
  key: usize,
  value: usize,
  output: usize,
  heads: i32,
  keys: i32,
  d: i32,
  scratch: usize,
): void {
  const part = keys / PARTS;
  const isLong = part * d >= PART_FLOATS;
  const side = isLong ? part * PARTS : 0;
  const scores = scratch;
  const rest = at(scores, side);
  const restKey = rowAt(key, side, d);
  const restValue = rowAt(value, side, d);
  const step = part * d;
  const factor = f32x4.extract_lane(v128.load(constantTable(), LOG2_E), 0) / sqrt<f32>(<f32>d);
  for (let head: i32 = 0; head < heads; head++) {
    const q = rowAt(query, head, d);
    const y = rowAt(output, head, d);
    for (let i: i32 = 0; i < side; i += PARTS) {
      dotRows(q, rowAt(key, i / PARTS, d), step, at(scores, i), PARTS, d, false);
    }
    dotRows(q, restKey, d, rest, keys - side, d, false);
    closeRow(scores, keys);
    const shift = rowShift(scores, keys, factor);
    if (shift == STEEP) levelRow(scores, keys, 0, 0);
    const sum = exponentiateRow(scores, keys, factor, shift == STEEP ? 0 : shift);
    zeroFill(y, d);
    for (let i: i32 = 0; i < side; i += PARTS) {
      addRows(at(scores, i), rowAt(value, i / PARTS, d), step, y, d, PARTS);
    }
    addRows(rest, restValue, d, y, d, keys - side);
    scaleRow(y, y, d, <f32>1 / sum);
  }
}
