import type * as tf from '@tensorflow/tfjs-core';
import type { AnyformerBackend } from '../engine/backend.ts';
import { runRange } from './run.ts';
import { type NormTensors, runNorm } from './runNorm.ts';
import { rowsOf } from './shapes.ts';

/** What a sublayer ends with: its last linear map and its norm. */
export interface SublayerEnd<Tensor> {
  /** (in, D) */
  readonly output: Tensor;
  /** (D) */
  readonly outputBias?: Tensor | undefined;
  /** (D) */
  readonly gamma: Tensor;
  /** (D); left out for the RMS norm. */
  readonly beta?: Tensor | undefined;
}

export type SublayerSettings = {
  readonly epsilon: number;
  /** Norm before the sublayer rather than after its sum. */
  readonly normalizeFirst: boolean;
};

/** A part of a Transformer block with its residual connection and its norm. */
export interface Sublayer {
  /** (..., D) */
  readonly x: tf.TensorInfo;
  readonly norm: NormTensors;
  /** x + inner(norm(x)) rather than norm(x + inner(x)). */
  readonly normalizeFirst: boolean;
  /** The elements of each place that `inner` needs besides. */
  readonly places: readonly number[];
  /** Computes what is added to x from address to address, which may be one and the same. */
  readonly inner: (from: number, change: number, places: readonly number[]) => void;
}

/**
 * One sublayer from tensor to tensor; what stands between its parts is on the heap for the duration
 * of the call, and no tensor. The scratch buffer is used.
 *
 * @returns (..., D)
 * @throws AnyformerError `OUT_OF_MEMORY`; nothing is kept then.
 */
export function runSublayer(
  backend: AnyformerBackend,
  { x, norm, normalizeFirst, places, inner }: Sublayer,
): tf.TensorInfo {
  const { rows, columns } = rowsOf(x);
  const size = rows * columns;
  return withPlaces(backend, [size, 2 * rows, ...places], ([change, stats, ...rest]) => {
    const output = backend.output(x.shape, 'float32');
    try {
      const [from, y] = [backend.pointer(x), backend.pointer(output)];
      if (normalizeFirst) {
        // What is normalized is not needed any more when the change is written.
        runNorm(backend, rows, norm, { x: from, y: change!, stats: stats! });
        inner(change!, change!, rest);
        runRange(backend, 'f32_add', [from, change!, y], size);
      } else {
        inner(from, change!, rest);
        const sum = change!;
        runNorm(backend, rows, norm, { x: from, residual: sum, sum, y, stats: stats! });
      }
    } catch (error) {
      backend.disposeData(output.dataId);
      throw error;
    }
    return output;
  });
}

/** Calls `compute` with places for so many floats each, which are given back at its end. */
function withPlaces<T>(
  { heap }: AnyformerBackend,
  sizes: readonly number[],
  compute: (places: number[]) => T,
): T {
  const bytes = sizes.map((size) => alignUp(4 * size));
  const start = heap.malloc(bytes.reduce((sum, count) => sum + count, ALIGNMENT));
  try {
    let next = alignUp(start);
    return compute(
      bytes.map((count) => {
        next += count;
        return next - count;
      }),
    );
  } finally {
    heap.free(start);
  }
}

/** A line of the cache. */
const ALIGNMENT = 64;
const alignUp = (bytes: number) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
