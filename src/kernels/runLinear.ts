import type * as tf from '@tensorflow/tfjs-core';
import type { AnyformerBackend } from '../engine/backend.ts';
import { multiply } from './gemm.ts';

/** What is multiplied with and added. */
export interface LinearTensors {
  /** (in, out) */
  readonly kernel: tf.TensorInfo;
  /** (out) */
  readonly bias?: tf.TensorInfo | undefined;
  /** A code of activationName.ts. Default: 0, none. */
  readonly activation?: number;
}

/** A linear map of `rows` rows from address to address. The scratch buffer is used. */
export function runLinear(
  backend: AnyformerBackend,
  rows: number,
  { kernel, bias, activation = 0 }: LinearTensors,
  { x, y, preActivation = 0 }: { x: number; y: number; preActivation?: number },
): void {
  const [K, N] = kernel.shape as [number, number];
  const product = {
    ...{ a: x, b: backend.pointer(kernel), c: y, M: rows, N, K },
    ...{ transposeA: false, transposeB: false },
    ...{ bias: bias ? backend.pointer(bias) : 0, activation, preActivation },
  };
  multiply(backend, product, kernel.dataId);
}
