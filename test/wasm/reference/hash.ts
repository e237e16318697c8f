/** The counter-based hash of wasm/lib/hash.ts in plain integer arithmetic. */

const GOLDEN = 0x9e3779b9;

function mix(word: number): number {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}

/** The two keys of a row. */
export function rowKeys(seed: number, unit: number, row: number): [first: number, second: number] {
  return [mix(mix(mix(seed ^ GOLDEN) + unit) + row), mix(mix(mix(seed + 0x632be5ab) ^ row) + unit)];
}

/** The hash of a column, a signed 32-bit integer. */
export function hash(column: number, [first, second]: readonly [number, number]): number {
  let h = (Math.imul(column, GOLDEN) + first) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d) ^ second;
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}

/** The largest signed hash that drops its element. */
export function dropLimit(rate: number): number {
  return Math.floor(Math.fround(rate) * 2 ** 32) - 2 ** 31 - 1;
}

/** The unit of element-wise dropout. */
export const DROPOUT_UNIT = -1;

/** The unit of random initial numbers. */
export const RANDOM_UNIT = -2;
