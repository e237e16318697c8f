import * as tf from '@tensorflow/tfjs-core';

// The dropout mask of wasm/lib/hash.ts in JavaScript: what is dropped depends on the seed and the
// place alone, so every backend drops the same elements.

const GOLDEN = 0x9e3779b9;

function mix(word: number): number {
  let h = Math.imul(word ^ (word >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}

function rowKeys(seed: number, unit: number, row: number): [number, number] {
  return [mix(mix(mix(seed ^ GOLDEN) + unit) + row), mix(mix(mix(seed + 0x632be5ab) ^ row) + unit)];
}

function hash(column: number, [first, second]: [number, number]): number {
  let h = (Math.imul(column, GOLDEN) + first) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d) ^ second;
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}

/**
 * 1 / (1 - rate) for each element that is kept, 0 for the others.
 *
 * @param shape (units, rows, columns), by which the kernels count places.
 * @param rate the share that is dropped, from 0 up to 1.
 * @param firstUnit the number of the first unit. Default: 0.
 */
export function dropoutMask(
  shape: [units: number, rows: number, columns: number],
  rate: number,
  seed: number,
  firstUnit = 0,
): tf.Tensor3D {
  const [units, rows, columns] = shape;
  const kept = 1 / (1 - rate);
  const limit = Math.floor(Math.fround(rate) * 2 ** 32) - (2 ** 31 + 1);
  const values = new Float32Array(units * rows * columns);
  let i = 0;
  for (let unit = 0; unit < units; unit++) {
    for (let row = 0; row < rows; row++) {
      const keys = rowKeys(seed, firstUnit + unit, row);
      for (let column = 0; column < columns; column++) {
        values[i++] = hash(column, keys) > limit ? kept : 0;
      }
    }
  }
  return tf.tensor3d(values, shape);
}
